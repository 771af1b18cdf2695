"""Logistic regression with an L2 penalty: many findings and penalties at once.

The sum of the log losses and half the penalty times the squared coefficients are made
smallest, the intercept unpenalised: scikit-learn's ``LogisticRegression(C=1/penalty)``,
for each finding by itself. L-BFGS (Liu and Nocedal 1989, doi.org/10.1007/BF01589116)
walks on all problems together, so that the features meet a matrix and not a vector. Of
each problem the curvature along each feature is known and starts its approximation: it
suits features along their principal axes, which `principal` finds once for all labels.
Fewer images than features span few axes, and are solved along those. NumPy alone in
float64: torch would take seconds to import; float32 gained a third and lost digits.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.finetune.protocols import Floats

TOLERANCE = 1e-5  # of the logits' spread; AUROC within 0.0001 (benchmarks/probe.md)
MEMORY = 20  # steps that L-BFGS remembers; 10 took half as long again at tiny penalties
MOST_STEPS = 2000
AT_ONCE = 2**24  # logits, problems x images; some ten such arrays are held
NO_SPREAD = 1e-16  # squared logits that are as good as equal
LEAST_SHARE = 1e-13  # of the squared features along an axis that counts, of the largest

log = logging.getLogger(__name__)


def principal(features: Floats) -> Floats:
    """Return the principal axes of features about their mean, shape (width, width)."""
    centred = features - features.mean(axis=0)
    axes: Floats = np.linalg.eigh(centred.T @ centred)[1][:, ::-1]
    return axes


def regressions(
    features: Floats,
    targets: Floats,
    penalties: list[float],
    tolerance: float = TOLERANCE,
) -> Floats:
    """Return coefficients, then the intercept, (penalties, findings, width + 1).

    Args:
        features: shape (images, width); quick where they lie along principal axes.
        targets: chance of each finding from 0 to 1, NaN unknown, shape (images,
            findings); where all known ones are equal the answer is zero.
        penalties: of the squared coefficients, against the sum over images.
        tolerance: what logits may still move, as a share of their spread.
    """
    taught = [column for column, target in enumerate(targets.T) if _varies(target)]
    found = np.zeros((len(penalties), targets.shape[1], features.shape[1] + 1))
    centre = features.mean(axis=0)
    values, axes = features - centre, None
    if len(values) < values.shape[1]:
        axes = _spanned(values)
        values = values @ axes
    values = np.column_stack([values, np.ones(len(values))])
    asked = [(row, column) for row in range(len(penalties)) for column in taught]
    for some in _parts(asked, max(1, AT_ONCE // len(values))):
        rows, columns = map(list, zip(*some, strict=True))
        strengths = np.array(penalties, float)[rows]
        solution = _minimised(values, targets[:, columns].T, strengths, tolerance)
        along = solution[:, :-1]
        found[rows, columns, :-1] = along if axes is None else along @ axes.T
        found[rows, columns, -1] = solution[:, -1]
    found[..., -1] -= found[..., :-1] @ centre
    return found


def _varies(target: Floats) -> bool:
    known = target[~np.isnan(target)]
    return bool(len(known) and known.min() < known.max())


def _spanned(centred: Floats) -> Floats:
    """Return the axes along which few images differ, shape (width, rank)."""
    squared, mixed = np.linalg.eigh(centred @ centred.T)
    told = squared > LEAST_SHARE * squared[-1]
    axes: Floats = centred.T @ (mixed[:, told] / np.sqrt(squared[told]))
    return axes


def _parts(whole: list[tuple[int, int]], size: int) -> Iterator[list[tuple[int, int]]]:
    for start in range(0, len(whole), size):
        yield whole[start : start + size]


@dataclass(kw_only=True)
class _Walk:
    """Where each problem stands; each array or list of arrays has a problem a row."""

    place: NDArray[np.int64]  # among all problems
    present: Floats  # weight of the finding in each image, (problems, images)
    absent: Floats  # weight of its absence; both zero where unknown
    penalty: Floats  # (problems, width + 1)
    solution: Floats  # same shape
    logits: Floats  # (problems, images)
    residual: Floats  # chance less target, weighted, same shape
    curvature: Floats  # of the loss in each logit, same shape
    gradient: Floats  # (problems, width + 1)
    moves: list[Floats] = field(default_factory=list)  # of late, same shape
    changes: list[Floats] = field(default_factory=list)  # of the gradient with them
    weights: list[Floats] = field(default_factory=list)  # one over their products

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Forget all problems but those in `rows`."""
        for part in fields(self):
            old = getattr(self, part.name)
            if isinstance(old, list):
                setattr(self, part.name, [each[rows] for each in old])
            else:
                setattr(self, part.name, old[rows])


def _minimised(
    values: Floats, targets: Floats, penalties: Floats, tolerance: float
) -> Floats:
    """Return the solutions, (problems, width + 1); the last of `values` is all ones."""
    squared = values**2
    spread = squared.mean(axis=0)
    found = np.zeros((len(targets), values.shape[1]))
    walk = _begun(values, targets, penalties)
    for _ in range(MOST_STEPS):
        direction = _direction(walk, walk.curvature @ squared + walk.penalty)
        moved = direction**2 @ spread
        spoken = walk.solution[:, :-1] ** 2 @ spread[:-1]
        going = moved > tolerance**2 * (spoken + NO_SPREAD)
        found[walk.place] = walk.solution
        if not going.any():
            return found
        if not going.all():
            walk.keep(np.flatnonzero(going))
            direction = direction[going]
        _step(walk, values, direction)
    found[walk.place] = walk.solution
    log.warning("%d regressions had not settled", len(walk.place))
    return found


def _begun(values: Floats, targets: Floats, penalties: Floats) -> _Walk:
    known, present = ~np.isnan(targets), np.nan_to_num(targets)
    penalty = np.repeat(penalties[:, None], values.shape[1], axis=1)
    penalty[:, -1] = 0
    absent, logits = known - present, np.zeros_like(present)
    residual, curvature = _slopes(logits, present, absent)
    return _Walk(
        place=np.arange(len(targets)),
        present=present,
        absent=absent,
        penalty=penalty,
        solution=np.zeros_like(penalty),
        logits=logits,
        residual=residual,
        curvature=curvature,
        gradient=residual @ values,
    )


def _slopes(logits: Floats, present: Floats, absent: Floats) -> tuple[Floats, Floats]:
    """Return first and second derivative of the loss in each logit.

    Neither chance is taken from 1, so that small ones keep their digits.
    """
    odds = np.exp(-np.clip(logits, -700, 700))
    chance = 1 / (1 + odds)
    other = odds * chance
    residual = absent * chance - present * other
    return residual, (present + absent) * chance * other


def _direction(walk: _Walk, curvature: Floats) -> Floats:
    """Return where L-BFGS goes from here, with the diagonal `curvature` to start."""
    left = walk.gradient.copy()
    late = list(zip(walk.moves, walk.changes, walk.weights, strict=True))
    shares = []
    for move, change, weight in reversed(late):
        share = weight * _product(move, left)
        left -= share[:, None] * change
        shares.append(share)
    left /= np.maximum(curvature, np.finfo(float).tiny)
    for (move, change, weight), share in zip(late, reversed(shares), strict=True):
        left += (share - weight * _product(change, left))[:, None] * move
    return -left


def _product(one: Floats, other: Floats) -> Floats:
    """Return the inner product of each row of one with that of the other."""
    product: Floats = np.einsum("ij,ij->i", one, other)
    return product


def _step(walk: _Walk, values: Floats, direction: Floats) -> None:
    """Go along `direction`, about as far as the loss falls."""
    along = direction @ values.T
    length = _length(walk, direction, along)
    move = length[:, None] * direction
    walk.logits += length[:, None] * along
    walk.residual, walk.curvature = _slopes(walk.logits, walk.present, walk.absent)
    walk.solution = walk.solution + move
    gradient = walk.residual @ values + walk.penalty * walk.solution
    change = gradient - walk.gradient
    product = _product(move, change)
    told = product > np.finfo(float).tiny  # else rounding; it is not remembered
    walk.weights.append(np.divide(1, product, out=np.zeros_like(product), where=told))
    walk.moves.append(move)
    walk.changes.append(change)
    walk.gradient = gradient
    for late in (walk.moves, walk.changes, walk.weights):
        del late[:-MEMORY]

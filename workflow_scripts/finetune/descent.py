"""L-BFGS on many logistic regressions that share their features, a row each.

Liu and Nocedal 1989, https://doi.org/10.1007/BF01589116, algorithm 2.1. The curvature
along each feature is known and, times their factor, is what the approximation starts
from; a line search serves all problems. What has settled leaves.
"""

import logging
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.finetune.kinds import Floats

MEMORY = (
    20  # steps that are remembered; with 10, tiny penalties took half as long again
)
MOST_STEPS = 2000
FLAT = 0.9  # slope at the end of a step, as a share of that at its start
MOST_LENGTHS = 30  # that are tried in one step
LEAST_BEND = 1e-8  # of an image's loss: where all is certain steps would be endless
ROUNDING = 1e-12  # of two vectors' lengths, in their product
NO_SPREAD = 1e-20  # squared logits that are as good as equal
TINY = 1e-300

log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class _Walk:
    """Where each problem stands; each array or list of arrays has a problem a row."""

    place: NDArray[np.int64]  # among all problems
    present: Floats  # weight of the finding in each image, (problems, images)
    absent: Floats  # weight of its absence; both zero where unknown
    penalty: Floats  # (problems, width + 1)
    solution: Floats  # same shape
    logits: Floats  # (problems, images)
    curvature: Floats  # of the loss in each logit, same shape
    gradient: Floats  # (problems, width + 1)
    moves: list[Floats] = field(default_factory=list)  # of late, same shape
    changes: list[Floats] = field(default_factory=list)  # of the gradient with them
    weights: list[Floats] = field(default_factory=list)  # one over their products

    def of(self, rows: NDArray[np.int64]) -> "_Walk":
        """Return where the problems in `rows` stand."""
        parts: dict[str, Any] = {}
        for name, old in vars(self).items():
            listed = isinstance(old, list)
            parts[name] = [each[rows] for each in old] if listed else old[rows]
        return replace(self, **parts)


def minimised(
    values: Floats, targets: Floats, penalties: Floats, tolerance: float
) -> Floats:
    """Return the coefficients and intercepts of least loss, (problems, width + 1).

    Args:
        values: features and a column of ones, shape (images, width + 1).
        targets: chance of the finding, NaN unknown, shape (problems, images).
        penalties: of the squared coefficients, shape (problems,).
        tolerance: what logits may still move, as a share of their spread.
    """
    spread = (values**2).mean(axis=0)
    walk = _begun(values, targets, penalties)
    found = np.zeros_like(walk.solution)
    for _ in range(MOST_STEPS):
        bent = np.maximum(walk.curvature.sum(axis=1), LEAST_BEND * len(values))
        direction = _direction(walk, bent[:, None] * spread + walk.penalty)
        moved = direction**2 @ spread
        spoken = walk.solution[:, :-1] ** 2 @ spread[:-1]
        going = moved > tolerance**2 * (spoken + NO_SPREAD)
        found[walk.place] = walk.solution
        if not going.any():
            return found
        if not going.all():
            walk, direction = walk.of(np.flatnonzero(going)), direction[going]
        _step(walk, values, direction)
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
        curvature=curvature,
        gradient=residual @ values,
    )


def _slopes(logits: Floats, present: Floats, absent: Floats) -> tuple[Floats, Floats]:
    """Return first and second derivative of the loss in each logit.

    Neither chance is taken from 1, so that small ones keep their digits.
    """
    odds = np.exp(-np.clip(logits, -700, 700))
    chance = odds + 1
    np.reciprocal(chance, out=chance)
    odds *= chance  # now the chance of absence
    residual = absent * chance
    residual -= present * odds
    odds *= chance
    odds *= present + absent
    return residual, odds


def _direction(walk: _Walk, curvature: Floats) -> Floats:
    """Return where L-BFGS goes from here; the diagonal `curvature` is its start."""
    left = walk.gradient.copy()
    late = list(zip(walk.moves, walk.changes, walk.weights, strict=True))
    shares = []
    for move, change, weight in reversed(late):
        share = weight * np.vecdot(move, left)
        left -= share[:, None] * change
        shares.append(share)
    left /= curvature
    if late:  # as long as the latest move was, not as the curvature at its end says
        seen = late[-1][2] * np.vecdot(late[-1][1] / curvature, late[-1][1])
        left /= np.where(seen > 0, seen, 1)[:, None]
    for (move, change, weight), share in zip(late, reversed(shares), strict=True):
        left += (share - weight * np.vecdot(change, left))[:, None] * move
    upwards = np.vecdot(left, walk.gradient) <= 0  # by rounding: begin anew
    left[upwards] = (walk.gradient / curvature)[upwards]
    for weight in walk.weights:
        weight[upwards] = 0
    return -left


def _step(walk: _Walk, values: Floats, direction: Floats) -> None:
    """Go along `direction`: the whole of it, or about as far as the loss falls."""
    along = direction @ values.T
    logits = walk.logits + along
    residual, curvature = _slopes(logits, walk.present, walk.absent)
    slope = np.vecdot(residual, along)
    slope += np.vecdot(walk.penalty * direction, walk.solution + direction)
    enough = FLAT * np.abs(np.vecdot(walk.gradient, direction))
    steep = np.flatnonzero(np.abs(slope) > enough)
    if len(steep):
        some = walk.of(steep)
        length = _length(some, direction[steep], along[steep], enough[steep])
        direction[steep] *= length[:, None]
        logits[steep] = some.logits + length[:, None] * along[steep]
        again = _slopes(logits[steep], some.present, some.absent)
        residual[steep], curvature[steep] = again
    walk.logits, walk.curvature = logits, curvature
    walk.solution = walk.solution + direction
    gradient = residual @ values + walk.penalty * walk.solution
    _remember(walk, direction, gradient - walk.gradient)
    walk.gradient = gradient


def _remember(walk: _Walk, move: Floats, change: Floats) -> None:
    product = np.vecdot(move, change)
    least = ROUNDING * np.sqrt(np.vecdot(move, move) * np.vecdot(change, change))
    told = product > np.maximum(least, TINY)
    walk.weights.append(np.where(told, 1 / np.maximum(product, TINY), 0))
    walk.moves.append(move)
    walk.changes.append(change)
    for late in (walk.moves, walk.changes, walk.weights):
        del late[:-MEMORY]


def _length(walk: _Walk, direction: Floats, along: Floats, enough: Floats) -> Floats:
    """Return how far to go so that the slope is `enough` or less, shape (problems,).

    Newton's method, between a length that is too short and one that is too long;
    their middle where it would leave them.
    """
    pulled = walk.penalty * direction
    begun, bent = np.vecdot(pulled, walk.solution), np.vecdot(pulled, direction)
    length = np.ones(len(direction))
    short, long = np.zeros(len(direction)), np.full(len(direction), np.inf)
    for _ in range(MOST_LENGTHS):
        logits = walk.logits + length[:, None] * along
        residual, curvature = _slopes(logits, walk.present, walk.absent)
        slope = np.vecdot(residual, along) + begun + length * bent
        steep = np.abs(slope) > enough
        if not steep.any():
            break
        short = np.where(slope < 0, length, short)
        long = np.where(slope > 0, length, long)
        bend = np.vecdot(curvature * along, along) + bent
        newton = np.minimum(length - slope / np.maximum(bend, TINY), 4 * length)
        within = (newton > short) & (newton < long)
        middle = (short + np.minimum(long, 7 * length)) / 2
        length = np.where(steep, np.where(within, newton, middle), length)
    return length

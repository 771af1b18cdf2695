"""Logistic regression with an L2 penalty: many findings and penalties at once.

The sum of the log losses and half the penalty times the squared coefficients are made
smallest, the intercept unpenalised: scikit-learn's ``LogisticRegression(C=1/penalty)``,
for each finding by itself. All problems walk together (`descent`), so that the features
meet a matrix and not a vector, along the features' principal axes, where curvatures are
nearly independent. Fewer images than features are solved along the axes they span.

NumPy in float64: torch would take seconds to import, float32 gained a third and lost
digits (benchmarks/probe.md).
"""

import numpy as np

from workflow_scripts.finetune.descent import minimised
from workflow_scripts.finetune.kinds import Floats

TOLERANCE = 1e-5  # of the logits' spread; the AUROC is within 0.0002 (measured)
AT_ONCE = 2**24  # logits, problems x images; some ten such arrays are held
LEAST_SHARE = 1e-13  # of the squared features along an axis that counts, of the largest


def regressions(
    features: Floats,
    targets: Floats,
    penalties: list[float],
    tolerance: float = TOLERANCE,
    *,
    rotated: bool = False,
) -> Floats:
    """Return coefficients, then the intercept, (penalties, findings, width + 1).

    Args:
        features: shape (images, width).
        targets: chance of each finding from 0 to 1, NaN unknown, shape (images,
            findings); where all known ones are equal the answer is zero.
        penalties: of the squared coefficients, against the sum over images.
        tolerance: what logits may still move, as a share of their spread.
        rotated: whether the features lie along their `principal_axes` already, or
            those of images that these were drawn from.
    """
    taught = [column for column, target in enumerate(targets.T) if _varies(target)]
    found = np.zeros((len(penalties), targets.shape[1], features.shape[1] + 1))
    centre = features.mean(axis=0)
    values, axes = features - centre, None
    if len(values) < values.shape[1] or not rotated:
        axes = _spanned(values) if len(values) < values.shape[1] else _principal(values)
        values = values @ axes
    values = np.column_stack([values, np.ones(len(values))])
    asked = [(row, column) for row in range(len(penalties)) for column in taught]
    size = max(1, AT_ONCE // len(values)) if asked else 1
    for first in range(0, len(asked), size):
        rows, columns = map(list, zip(*asked[first : first + size], strict=True))
        strengths = np.array(penalties, float)[rows]
        solution = minimised(values, targets[:, columns].T, strengths, tolerance)
        along = solution[:, :-1]
        found[rows, columns, :-1] = along if axes is None else along @ axes.T
        found[rows, columns, -1] = solution[:, -1]
    found[..., -1] -= found[..., :-1] @ centre
    return found


def _varies(target: Floats) -> bool:
    known = target[~np.isnan(target)]
    return bool(len(known) and known.min() < known.max())


def principal_axes(features: Floats) -> Floats:
    """Return the principal axes of features about their mean, shape (width, width)."""
    return _principal(features - features.mean(axis=0))


def _principal(centred: Floats) -> Floats:
    axes: Floats = np.linalg.eigh(centred.T @ centred)[1][:, ::-1]
    return axes


def _spanned(centred: Floats) -> Floats:
    """Return the axes along which few images differ, shape (width, rank)."""
    squared, mixed = np.linalg.eigh(centred @ centred.T)
    told = squared > LEAST_SHARE * squared[-1]
    axes: Floats = centred.T @ (mixed[:, told] / np.sqrt(squared[told]))
    return axes

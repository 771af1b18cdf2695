"""Ridge regression of many findings, its penalty chosen on other images.

Hoerl and Kennard 1970, "Ridge Regression: Biased Estimation for Nonorthogonal
Problems", https://doi.org/10.1080/00401706.1970.10488634. Targets are 0 and 1; only
the order of the scores is used. One eigendecomposition, over features or over images
whichever are fewer, serves all penalties, and all findings known of the same images.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.evaluate.statistics.auroc import auroc

PENALTIES = (100.0, 10.0, 1.0, 0.1, 0.01, 0.001)  # for each training image
CONSTANT = 1e-4  # a deviation; a feature that varies less tells nothing

Features = NDArray[np.float32]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Model:
    """A linear model of every finding; NaN for one that could not be taught."""

    weights: Floats  # of the features as they are, shape (width, findings)
    bias: Floats  # shape (findings,)

    def scores(self, features: Features) -> Floats:
        """Return scores, shape (n, findings).

        Over the images that taught a finding, they have mean 0 and deviation 1.
        """
        return features @ self.weights.astype(np.float32) + self.bias


def teach(
    features: Features, targets: Floats, training: Mask, validation: Mask
) -> Model:
    """Learn every finding from the training images that are known to have it or not.

    Args:
        features: finite, shape (n, width).
        targets: 1, 0, NaN unknown, shape (n, findings).
        training: which images teach, shape (n,).
        validation: which images choose the penalty of each finding, by AUROC; of
            equals, and where they cannot say, the strongest is taken.
    """
    shape = features.shape[1], targets.shape[1]
    weights, bias = np.full(shape, np.nan), np.full(shape[1], np.nan)
    known = ~np.isnan(targets)
    for pattern in np.unique(known[training], axis=1).T:
        alike = np.flatnonzero((known[training] == pattern[:, None]).all(axis=0))
        taught = np.flatnonzero(training)[pattern]
        here = [c for c in alike if len(np.unique(targets[taught, c])) == 2]
        if here:
            weights[:, here], bias[here] = _taught(
                features[taught],
                targets[np.ix_(taught, here)],
                features[validation],
                targets[validation][:, here],
            )
    return Model(weights=weights, bias=bias)


def _taught(
    features: Features, targets: Floats, others: Features, other_targets: Floats
) -> tuple[Floats, Floats]:
    """Return weights and bias of findings, the penalty chosen on the others."""
    mean = features.mean(axis=0, dtype=np.float64)
    deviation = features.std(axis=0, dtype=np.float64)
    factor = np.where(deviation > CONSTANT, 1 / np.maximum(deviation, CONSTANT), 0)
    scale = factor.astype(np.float32)
    standard = (features - mean.astype(np.float32)) * scale
    tried = ridge(standard, targets)
    chosen = np.empty(tried.shape[1:])
    for column in range(targets.shape[1]):
        weights = tried[:, :, column]
        scores = ((others - mean.astype(np.float32)) * scale) @ weights.T
        chosen[:, column] = weights[_best(other_targets[:, column], scores)]
    spread = (standard @ chosen).std(axis=0)
    chosen *= factor[:, None] / np.where(spread > 0, spread, 1)
    return chosen, -mean @ chosen


def ridge(standard: Features, targets: Floats) -> Floats:
    """Return the weights for each penalty, shape (penalties, width, findings).

    Args:
        standard: features of mean 0, shape (n, width).
        targets: 1 or 0, shape (n, findings).
    """
    centred = targets - targets.mean(axis=0)
    if len(standard) < standard.shape[1]:
        values, vectors = np.linalg.eigh(_gram(standard.T))
        basis, parts = standard.T @ vectors, vectors.T @ centred
    else:
        values, basis = np.linalg.eigh(_gram(standard))
        parts = basis.T @ (standard.T @ centred)
    shrunk = [values.clip(0) + penalty * len(standard) for penalty in PENALTIES]
    return np.stack([basis @ (parts / divisor[:, None]) for divisor in shrunk])


def _gram(columns: Features) -> Floats:
    """Return the products of all columns; those of single precision are summed."""
    return (columns.T @ columns).astype(np.float64)


def _best(target: Floats, scores: Floats) -> int:
    """Return which column of `scores` ranks best; the first of equals."""
    once = np.ones((1, len(target)), np.uint16)
    found = [auroc(target, column, once)[0] for column in scores.T]
    return int(np.argmax(np.nan_to_num(found)))

"""Resample validation patients, and measure the AUROC in every resample.

A patient is the unit, as in `evaluate`: images of one person are alike. The same
resamples serve every encoder, so that differences are paired.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PERCENTILES = (2.5, 97.5)
BLOCK = 256  # resamples at once: a large validation split must fit in memory


def patient_weights(
    patients: NDArray[np.object_], n_resamples: int, seed: int
) -> NDArray[np.uint16]:
    """Count how often each image comes when patients are drawn with replacement.

    Args:
        patients: whose each image is, shape (images,).
        n_resamples: how many resamples.
        seed: of the run.

    Returns:
        Shape (1 + resamples, images); the first row is the sample itself (all ones).
    """
    names, number = np.unique(patients, return_inverse=True)
    stream = np.random.default_rng(seed)
    counts = np.ones((1 + n_resamples, len(names)), np.uint16)
    for row in counts[1:]:
        drawn = stream.integers(0, len(names), len(names))
        row[:] = np.bincount(drawn, minlength=len(names))
    return counts[:, number]


def auroc(targets: Floats, scores: Floats, weights: NDArray[np.generic]) -> Floats:
    """Return the weighted share of positive-negative pairs in the right order.

    Hanley and McNeil 1982, https://doi.org/10.1148/radiology.143.1.7063747; a tie
    counts half.

    Args:
        targets: 1, 0, or NaN (left out), shape (images,).
        scores: what is ranked, shape (images,).
        weights: not negative, shape (resamples, images).

    Returns:
        0 to 1, shape (resamples,); NaN where a class is absent or weighs nothing.
    """
    values = np.full(len(weights), np.nan)
    known = np.flatnonzero(~np.isnan(targets))
    if not len(known):
        return values
    order = known[np.argsort(scores[known], kind="stable")]
    ascending = scores[order]
    starts = np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1]))
    for first in range(0, len(weights), BLOCK):
        block = slice(first, first + BLOCK)
        drawn = weights[block][:, order].astype(np.float64)
        found = drawn * targets[order]
        positive = np.add.reduceat(found, starts, axis=1)
        negative = np.add.reduceat(drawn - found, starts, axis=1)
        below = negative.cumsum(axis=1) - negative / 2
        right = (positive * below).sum(axis=1)
        pairs = positive.sum(axis=1) * negative.sum(axis=1)
        np.divide(right, pairs, out=values[block], where=pairs > 0)
    return values


def interval(resampled: Floats) -> tuple[float, float]:
    """Return the 95 % percentile interval; NaN if no resample has a value."""
    known = resampled[~np.isnan(resampled)]
    if not len(known):
        return np.nan, np.nan
    low, high = np.percentile(known, PERCENTILES)
    return float(low), float(high)


def two_sided(differences: Floats) -> float:
    """Return the bootstrap p of no difference; NaN if no resample has a value.

    Twice the smaller share of resamples on either side of 0, where the sample itself
    counts as one more resample (Davison and Hinkley 1997, chapter 4).
    """
    known = differences[~np.isnan(differences)]
    if not len(known):
        return np.nan
    fewer = min((known <= 0).sum(), (known >= 0).sum())
    return float(min(1.0, 2 * (1 + fewer) / (1 + len(known))))

"""Learning curves: the score over the number of labels, read backwards.

A curve runs over the logarithm of the number of labels. It is made monotone first
(isotonic least squares), since more labels do not make a classifier worse other than
by chance. Nothing is said of fewer or more labels than were tried.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def monotone(scores: Floats) -> Floats:
    """Return the non-decreasing curves nearest to `scores` in least squares.

    By the min-max formula (Barlow et al. 1972): at each place the largest, over
    starts at or before it, of the smallest mean up to an end at or after it.

    Args:
        scores: shape (..., budgets), by number of labels.

    Returns:
        The same shape; NaN throughout a curve that has one.
    """
    n_budgets = scores.shape[-1]
    sums = np.concatenate([np.zeros((*scores.shape[:-1], 1)), scores], axis=-1)
    sums = sums.cumsum(axis=-1)
    fitted = np.full(scores.shape, -np.inf)
    for start in range(n_budgets):
        ends = np.arange(start + 1, n_budgets + 1)
        means = (sums[..., start + 1 :] - sums[..., [start]]) / (ends - start)
        least = np.minimum.accumulate(means[..., ::-1], axis=-1)[..., ::-1]
        fitted[..., start:] = np.maximum(fitted[..., start:], least)
    fitted[np.isnan(scores).any(axis=-1)] = np.nan
    return fitted


def labels_needed(n_labels: Floats, curves: Floats, targets: Floats) -> Floats:
    """Return the least number of labels with which each curve reaches its target.

    Linear between budgets over the logarithm of the number of labels.

    Args:
        n_labels: not falling, shape (budgets,).
        curves: monotone, shape (..., budgets).
        targets: shape (...).

    Returns:
        Shape (...): `n_labels[0]` where that already suffices (or fewer would); inf
        where the target is not reached; NaN where curve or target is.
    """
    reached = curves >= targets[..., None] - 1e-12
    after = reached.argmax(axis=-1)
    before = np.maximum(after - 1, 0)

    def at(place: NDArray[np.intp]) -> Floats:
        return np.take_along_axis(curves, place[..., None], axis=-1)[..., 0]

    rise = at(after) - at(before)
    share = np.ones(targets.shape)
    np.divide(targets - at(before), rise, out=share, where=rise > 0)
    logs = np.log(n_labels)
    needed = np.exp(logs[before] + share.clip(0, 1) * (logs[after] - logs[before]))
    needed = np.where(share >= 1, n_labels[after], needed)
    needed = np.where(reached.any(axis=-1), needed, np.inf)
    return np.where(np.isnan(curves).any(axis=-1) | np.isnan(targets), np.nan, needed)

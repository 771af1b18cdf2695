"""Mean Dice of the images: how far what was answered covers what was drawn.

Dice 1945, "Measures of the amount of ecologic association between species",
https://doi.org/10.2307/1932409. The scores are Dice of each image already; the mean is
over images.
"""

import numpy as np
from numpy.typing import NDArray


def dice(
    targets: NDArray[np.float64],
    scores: NDArray[np.float64],
    weights: NDArray[np.generic],
) -> NDArray[np.float64]:
    """Return the weighted mean of the images' Dice.

    Unlike other statistics it does not rank: the scores are what is averaged.

    Args:
        targets: 1 where something was drawn; NaN is left out; shape (images,).
        scores: Dice of each image, 0 to 1, shape (images,).
        weights: shape (resamples, images).

    Returns:
        0 to 1, shape (resamples,); NaN where all that is known weighs nothing.

    Raises:
        ValueError: if shapes differ, or the score of a known image is not a number.
    """
    if not targets.shape == scores.shape == weights.shape[1:]:
        shapes = targets.shape, scores.shape, weights.shape
        raise ValueError(f"targets, scores and weights do not match: {shapes}")
    known = ~np.isnan(targets)
    if np.isnan(scores[known]).any():
        raise ValueError("an image with a known target has no score")
    counted = np.ascontiguousarray(weights[:, known], np.float64)
    total = counted.sum(axis=1)
    values = np.full(len(weights), np.nan)
    np.divide(counted @ scores[known], total, out=values, where=total > 0)
    return values

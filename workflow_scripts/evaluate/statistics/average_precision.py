"""Average precision: precision averaged over the recall that each score adds.

Defined as in scikit-learn (`average_precision_score`): the sum over distinct scores
of the step in recall times the precision there, without interpolation. Images of one
score enter together. Its value for scores at random is the prevalence.
"""

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.evaluate.ranking import ranked


def average_precision(
    targets: NDArray[np.float64],
    scores: NDArray[np.float64],
    weights: NDArray[np.generic],
) -> NDArray[np.float64]:
    """Return the weighted average precision.

    Unlike scikit-learn's, it is not 1 but NaN where no image is negative.

    Args:
        targets: 1, 0 or NaN (left out), shape (images,).
        scores: shape (images,).
        weights: shape (resamples, images).

    Returns:
        0 to 1, shape (resamples,); NaN where a class is absent or weighs nothing.
    """
    values = np.full(len(weights), np.nan)
    for part in ranked(targets, scores, weights):
        precision = np.zeros_like(part.found)
        np.divide(
            *(part.found, part.found + part.called),
            out=precision,
            where=part.found > 0,
        )
        summed = np.einsum("sr,sr->r", part.positive, precision)
        total = part.positive.sum(axis=0)
        both = (total > 0) & (part.all_negative > 0)
        np.divide(summed, total, out=values[part.resamples], where=both)
    return values

"""Area under the ROC curve: how often a positive image ranks above a negative one.

Hanley and McNeil 1982, "The meaning and use of the area under a receiver operating
characteristic (ROC) curve", https://doi.org/10.1148/radiology.143.1.7063747: the
probability of a right order, a tie counting half (Mann and Whitney's U).
"""

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.evaluate.ranking import ranked


def auroc(
    targets: NDArray[np.float64],
    scores: NDArray[np.float64],
    weights: NDArray[np.generic],
) -> NDArray[np.float64]:
    """Return the weighted share of positive-negative pairs in the right order.

    Args:
        targets: 1, 0 or NaN (left out), shape (images,).
        scores: shape (images,).
        weights: shape (resamples, images).

    Returns:
        0 to 1, shape (resamples,); NaN where a class is absent or weighs nothing.
    """
    values = np.full(len(weights), np.nan)
    for part in ranked(targets, scores, weights):
        below = part.all_negative - (part.above + part.called) / 2
        right = np.einsum("sr,sr->r", part.positive, below)
        pairs = part.positive.sum(axis=0) * part.all_negative
        np.divide(right, pairs, out=values[part.resamples], where=pairs > 0)
    return values

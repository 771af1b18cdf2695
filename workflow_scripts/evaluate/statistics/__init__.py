"""Statistics of how well images are ranked or segmented: one file each, by name.

A statistic is the function that bears its file's name, `(targets, scores, weights)`:

    targets    1 present, 0 absent, NaN unknown (left out), shape (images,)
    scores     higher means more likely present, shape (images,)
    weights    how often each image counts, not negative, shape (resamples, images)

It returns float64 of shape (resamples,), and does not care for the scale of the
weights. One that ranks gives NaN for a resample in which either class is absent or
weighs nothing; it is exact (no binning), counts ties as its docstring says, and depends
on the scores' order only. `dice` averages scores that are each an image's own.
"""

import importlib
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Statistic(Protocol):
    """What every file of this folder offers."""

    def __call__(
        self,
        targets: NDArray[np.float64],
        scores: NDArray[np.float64],
        weights: NDArray[np.generic],
    ) -> NDArray[np.float64]:
        """Return one value for each row of `weights`."""


def load(name: str) -> Statistic:
    """Return the statistic `name`, whose file the rule has named."""
    module: Any = importlib.import_module(f"{__name__}.{name}")
    statistic: Statistic = getattr(module, name)
    return statistic

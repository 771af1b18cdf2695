"""The whole stored image at 32 x 32 pixels, too coarse for most of what is read.

Large things still show: an effusion, a big heart, how a patient lies. A high AUROC says
that the task is easy, not yet that it is unfair; border and metadata tell them apart.
"""

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.evaluate.shortcuts import Features, Shown, greys


def thumbnail(shown: Shown, taught: NDArray[np.bool_]) -> Features:
    """Return the grey values of each thumbnail, shape (n, 1024)."""
    return greys(shown.thumbnails)

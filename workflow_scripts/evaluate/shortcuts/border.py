"""The outer frame of the thumbnail, where collimation, markers and arms are.

Three pixels of 32 on every side, a third of the picture. In a crop to the lungs it is
the crop's frame, and may hold the lungs' edges.
"""

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.evaluate.shortcuts import SIDE_PX, Features, Shown, greys

WIDTH_PX = 3


def border(shown: Shown, taught: NDArray[np.bool_]) -> Features:
    """Return the grey values of the frame of each thumbnail, shape (n, 348)."""
    frame = np.ones((SIDE_PX, SIDE_PX), bool)
    frame[WIDTH_PX:-WIDTH_PX, WIDTH_PX:-WIDTH_PX] = False
    return greys(shown.thumbnails[:, frame])

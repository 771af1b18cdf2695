"""The thumbnail with the lungs black: all that is not lung.

The shape of the black tells where the lungs end, and so of large effusions and hearts.
Where no lungs were found and trusted nothing is black, and this is the thumbnail.
"""

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.evaluate.shortcuts import Features, Shown, greys


def lungs_blanked(shown: Shown, taught: NDArray[np.bool_]) -> Features:
    """Return the grey values of each blanked thumbnail, shape (n, 1024)."""
    return greys(shown.blanked)

"""Find pictures in which nothing is drawn: pure noise of a detector or a wrong key.

Neighbouring pixels of a radiograph are related, and what it shows is large: a copy of
16 x 16 averages keeps most of its variance. Noise, even smoothed, keeps little.

Measured: no alarm in 5,808 children, 211 adults, 828 phantoms.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from workflow_scripts.ingest.picture import halved

RELATED = 0.3  # correlation of neighbours; radiographs have 0.9 and more
KEPT = 0.3  # share of the variance in the small copy
SIDE = 16  # of the small copy


def suspect(picture: NDArray[np.uint8]) -> str:
    """Return why the picture is noise, or ""."""
    values = picture[:: max(1, len(picture) // 128)].astype(np.float32)
    values -= values.mean()
    left, right = values[:, :-1], values[:, 1:]
    if size := float(np.sqrt(_product(left, left) * _product(right, right))):
        related = _product(left, right) / size
        if related < RELATED:
            return f"neighbours correlate {related:.2f}"
    if min(picture.shape) >= 2 * SIDE and values.any():
        copy = halved(picture, 4 * SIDE)
        small = cv2.resize(copy, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        kept = float(small.var() / values.var())
        if kept < KEPT:
            return f"large structures hold {100 * kept:.0f} % of the variance"
    return ""


def _product(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.einsum("ij,ij->", one, other))

"""What is done to every picture, whatever file it came from."""

import hashlib
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from workflow_scripts.ingest.reasons import Refused

LONGEST = 8  # times its width; beyond is a strip
FLAT = 0.01  # standard deviation in [0, 1]
RELATED = 0.3  # correlation of neighbours; radiographs have 0.9 and more


def digest(stored: NDArray[Any]) -> str:
    """Return the SHA-256 of decoded values and their shape, whatever coded them."""
    kept = np.ascontiguousarray(stored, dtype="<i4")
    head = repr(kept.shape).encode("ascii")
    return hashlib.sha256(head + kept.tobytes()).hexdigest()


def check_shape(rows: int, columns: int) -> None:
    """Refuse a calibration strip.

    Raises:
        Refused: if one side is many times the other.
    """
    if max(rows, columns) > LONGEST * min(rows, columns):
        raise Refused("strip")


def check_content(picture: NDArray[np.uint8]) -> None:
    """Refuse what cannot be a radiograph.

    Raises:
        Refused: if the picture is flat, or pure noise.
    """
    values = picture[:: max(1, len(picture) // 256)].astype(np.float32) / 255
    if values.std() < FLAT:
        raise Refused("no_contrast")
    left, right = values[:, :-1].ravel(), values[:, 1:].ravel()
    if left.size and left.std() and right.std():
        related = np.corrcoef(left, right)[0, 1]
        if related < RELATED:
            raise Refused("noise", f"neighbours correlate {related:.2f}")


def reduced(picture: NDArray[Any], long_side_px: int) -> NDArray[np.uint8]:
    """Return a picture whose long side is at most `long_side_px`; never enlarged.

    Args:
        picture: uint8, or float32 in [0, 1]; shape (rows, columns).
        long_side_px: in pixels.
    """
    rows, columns = picture.shape
    scale = long_side_px / max(rows, columns)
    if scale < 1:
        size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    if picture.dtype != np.uint8:
        picture = np.rint(picture * 255).astype(np.uint8)
    return np.ascontiguousarray(picture)

"""Bring a picture to a square of given size, its proportions kept."""

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def squared(picture: Picture, size_px: int) -> Picture:
    """Return `picture` scaled to fit a square, centred, with black beside it.

    OpenCV's area resize is the exact mean over each target pixel, within rounding
    (docs/decisions.md, 7).

    Args:
        picture: uint8, shape (rows, columns).
        size_px: side of the square.

    Returns:
        uint8, shape (size_px, size_px).
    """
    rows, columns = picture.shape
    scale = size_px / max(rows, columns)
    height = max(1, round(rows * scale))
    width = max(1, round(columns * scale))
    how = cv2.INTER_AREA if scale <= 1 else cv2.INTER_LINEAR
    fitted = cv2.resize(picture, (width, height), interpolation=how)
    square = np.zeros((size_px, size_px), np.uint8)
    top, left = (size_px - height) // 2, (size_px - width) // 2
    square[top : top + height, left : left + width] = fitted
    return square

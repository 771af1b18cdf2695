"""Scale a picture to a square without distorting it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Where a picture lies in the square that it is scaled to."""

    top: int
    left: int
    rows: int
    columns: int

    def of(self, square: Picture) -> Picture:
        """Return the part of `square` that the picture takes."""
        down = slice(self.top, self.top + self.rows)
        return square[down, self.left : self.left + self.columns]


def fit(rows: int, columns: int, size_px: int) -> Fit:
    """Return where a picture of this shape lies in its square: centred, as a whole."""
    scale = size_px / max(rows, columns)
    height = max(1, round(rows * scale))
    width = max(1, round(columns * scale))
    return Fit(
        top=(size_px - height) // 2,
        left=(size_px - width) // 2,
        rows=height,
        columns=width,
    )


def squared(picture: Picture, size_px: int) -> Picture:
    """Return `picture` scaled to fit a square, centred, with black beside it.

    OpenCV's area resize is the exact mean over each target pixel, within rounding
    (docs/decisions.md, 7; benchmarks/resize.md).

    Args:
        picture: uint8, shape (rows, columns).
        size_px: side of the square.

    Returns:
        uint8, shape (size_px, size_px).
    """
    rows, columns = picture.shape
    place = fit(rows, columns, size_px)
    how = cv2.INTER_AREA if size_px <= max(rows, columns) else cv2.INTER_LINEAR
    fitted = cv2.resize(picture, (place.columns, place.rows), interpolation=how)
    square = np.zeros((size_px, size_px), np.uint8)
    place.of(square)[:] = fitted
    return square


def unsquared(square: Picture, rows: int, columns: int) -> Picture:
    """Return what `squared` made a square of, at its own size, shape (rows, columns).

    Args:
        square: uint8, as `squared` returns it, of any side.
        rows: of the picture.
        columns: of the picture.
    """
    part = fit(rows, columns, len(square)).of(square)
    sized = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return sized.astype(np.uint8, copy=False)

"""Find the box around the lungs in a given lung mask."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

LEAST_QUALITY = 0.9
PLAUSIBLE_AREA = (0.05, 0.75)  # share of the picture that two lungs may take


@dataclass(frozen=True, kw_only=True)
class Box:
    """A part of a picture, in its pixels, and why it was chosen."""

    top: int
    left: int
    rows: int
    columns: int
    quality: float = float("nan")  # of the lung mask, 0 to 1; NaN where there is none
    crop: str = "whole"

    def of(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return this part of `picture`."""
        down = slice(self.top, self.top + self.rows)
        across = slice(self.left, self.left + self.columns)
        return picture[down, across]

    def because(self, crop: str, quality: float = float("nan")) -> "Box":
        """Return the same box with a reason."""
        return replace(self, crop=crop, quality=quality)

    def as_row(self) -> dict[str, object]:
        """Return the columns of the store's table that a box decides."""
        return {
            "box_top": self.top,
            "box_left": self.left,
            "box_rows": self.rows,
            "box_columns": self.columns,
            "mask_quality": self.quality,
            "crop": self.crop,
        }


def lung_box(mask: NDArray[np.uint8], margin: float) -> Box:
    """Return the box around the two largest pieces of a lung mask, with a margin.

    Args:
        mask: 0 and 1, shape (rows, columns).
        margin: added on every side, as a share of the box's longer side; cut at the
            picture's border.

    Returns:
        The box; the whole picture, with the reason, where the mask is not trusted.
    """
    rows, columns = mask.shape
    pieces = _two_largest(mask)
    quality = _quality(mask, pieces)
    if quality < LEAST_QUALITY:
        whole = Box(top=0, left=0, rows=rows, columns=columns)
        return whole.because("whole: lung mask not trusted", quality)
    left, top = pieces[:, cv2.CC_STAT_LEFT], pieces[:, cv2.CC_STAT_TOP]
    right = left + pieces[:, cv2.CC_STAT_WIDTH]
    bottom = top + pieces[:, cv2.CC_STAT_HEIGHT]
    start, end = (top.min(), left.min()), (bottom.max(), right.max())
    extra = round(margin * max(end[0] - start[0], end[1] - start[1]))
    first_row, first_column = (max(0, int(edge) - extra) for edge in start)
    box = Box(
        top=first_row,
        left=first_column,
        rows=min(rows, int(end[0]) + extra) - first_row,
        columns=min(columns, int(end[1]) + extra) - first_column,
    )
    return box.because("lungs", quality)


def _two_largest(mask: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Return OpenCV's statistics of the two largest connected pieces of `mask`."""
    _, _, pieces, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    pieces = pieces[1:]  # the first is the background
    return pieces[np.argsort(-pieces[:, cv2.CC_STAT_AREA])[:2]].astype(np.int32)


def _quality(mask: NDArray[np.uint8], pieces: NDArray[np.int32]) -> float:
    """Return how much a mask looks like two lungs, 0 to 1.

    The share of the mask that lies in its two largest pieces; 0 where it covers less
    or more of the picture than lungs do. Masks that include the lung behind the heart
    may be one piece.
    """
    if not PLAUSIBLE_AREA[0] <= float(mask.mean()) <= PLAUSIBLE_AREA[1]:
        return 0.0
    return float(pieces[:, cv2.CC_STAT_AREA].sum() / mask.sum())

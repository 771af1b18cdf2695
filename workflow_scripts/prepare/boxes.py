"""Find the box around the lungs in a given lung mask."""

from dataclasses import dataclass, replace

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


def mask_quality(mask: NDArray[np.uint8]) -> float:
    """Return how much a lung mask looks like two lungs.

    Returns:
        The share of the mask that lies in its two largest pieces; 0 where the mask
        covers less or more of the picture than lungs do.
    """
    from monai.transforms.post.array import (  # seconds to import
        KeepLargestConnectedComponent,
    )

    share = float(mask.mean())
    if not PLAUSIBLE_AREA[0] <= share <= PLAUSIBLE_AREA[1]:
        return 0.0
    keep = KeepLargestConnectedComponent(num_components=2)
    return float(np.asarray(keep(mask[None])).sum() / mask.sum())


def lung_box(mask: NDArray[np.uint8], margin: float) -> Box:
    """Return the box around the two largest pieces of `mask`, with a margin.

    Args:
        mask: 0 and 1, shape (rows, columns).
        margin: added on every side, as a share of the box's longer side; cut at the
            picture's border.

    Returns:
        The box; the whole picture, with the reason, where the mask is not trusted.
    """
    from monai.transforms.post.array import KeepLargestConnectedComponent
    from monai.transforms.utils import generate_spatial_bounding_box

    rows, columns = mask.shape
    quality = mask_quality(mask)
    if quality < LEAST_QUALITY:
        whole = Box(top=0, left=0, rows=rows, columns=columns)
        return whole.because("whole: lung mask not trusted", quality)
    lungs = KeepLargestConnectedComponent(num_components=2)(mask[None])
    start, end = generate_spatial_bounding_box(lungs)
    extra = round(margin * max(end[0] - start[0], end[1] - start[1]))
    top, left = max(0, start[0] - extra), max(0, start[1] - extra)
    bottom, right = min(rows, end[0] + extra), min(columns, end[1] + extra)
    box = Box(top=top, left=left, rows=bottom - top, columns=right - left)
    return box.because("lungs", quality)

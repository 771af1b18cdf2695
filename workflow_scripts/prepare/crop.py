"""Choose what is kept of a picture: never a wrong crop, rather the whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from workflow_scripts.prepare.boxes import Box, widened


@dataclass(frozen=True, kw_only=True)
class Crop:
    """What is kept of a picture, and why."""

    box: Box
    quality: float  # of the lung mask, 0 to 1; NaN where there is none
    trusted: bool  # the lung mask
    what: str  # lungs, masked, or whole with a reason

    def as_row(self) -> dict[str, Any]:
        """Return the columns that the store's tables hold of it."""
        said = {"mask_quality": self.quality, "crop": self.what}
        return self.box.named("box") | said


def chosen(
    found: Mapping[Any, Any],
    shape: tuple[int, ...],
    *,
    crop: str,
    margin: float,
    least_quality: float,
) -> Crop:
    """Return what is kept of a picture.

    Args:
        found: its row of the table of lungs.
        shape: rows and columns of the picture.
        crop: what is asked for: none, lungs or masked.
        margin: around the lungs, as a share of their box's longer side.
        least_quality: of a lung mask to be trusted.
    """
    rows, columns = shape
    box = Box(top=0, left=0, rows=rows, columns=columns)
    quality = float(found["quality"])
    trusted = quality >= least_quality  # not where there is none
    if crop == "none":
        what = "whole"
    elif np.isnan(quality):
        what = "whole: no lung mask"
    elif not trusted:
        what = "whole: lung mask not trusted"
    else:
        lungs = [lung for side in ("right", "left") if (lung := _box(found, side))]
        box, what = widened(lungs, margin, rows, columns), crop
    return Crop(box=box, quality=quality, trusted=trusted, what=what)


def _box(found: Mapping[Any, Any], side: str) -> Box | None:
    """Return the box of one lung; None if that lung was not found."""
    parts = {
        name: found[f"{side}_{name}"] for name in ("top", "left", "rows", "columns")
    }
    if np.isnan(list(parts.values())).any():
        return None
    return Box(**{name: int(value) for name, value in parts.items()})

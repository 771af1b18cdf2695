"""Find the lung mask that belongs to a picture, and bring it to the picture's grid."""

from pathlib import Path
from urllib.parse import unquote

import cv2
import numpy as np
from numpy.typing import NDArray

from workflow_scripts.ingest import raster
from workflow_scripts.ingest.displayed import upright
from workflow_scripts.ingest.naming import bare

SKEWED = 0.02  # share by which the shapes of mask and picture may differ


def find_mask(folder: Path, path: str) -> Path | None:
    """Return the mask of the file at `path` (percent-encoded), if there is one.

    It has the same place and name as the picture; two pictures never share a mask.
    """
    below = Path(unquote(path, errors="surrogateescape"))
    mask = folder / below.with_name(f"{bare(below).name}.png")
    return mask if mask.is_file() else None


def fitted(
    path: Path, picture: NDArray[np.uint8], orientation: tuple[str, ...]
) -> NDArray[np.uint8] | None:
    """Return the mask on the picture's grid: 1 in the lungs, 0 elsewhere.

    Args:
        path: of the mask; any value but 0 is lung.
        picture: shape (rows, columns), upright.
        orientation: of the file, whose grid the mask was drawn on.

    Returns:
        None if the mask cannot be read or has another shape.
    """
    try:
        values = raster.read(path.read_bytes(), bilevel=True).values
    except Exception:
        return None
    mask = upright((values > 0).astype(np.uint8), orientation)
    rows, columns = picture.shape
    if abs(mask.shape[0] * columns / (mask.shape[1] * rows) - 1) > SKEWED:
        return None
    sized = cv2.resize(mask, (columns, rows), interpolation=cv2.INTER_NEAREST)
    return sized.astype(np.uint8, copy=False)

"""A folder of PNG masks with the same places and names as the pictures."""

from collections import Counter
from pathlib import Path

import numpy as np

from workflow_scripts.ingest import raster
from workflow_scripts.ingest.masks import Find, Mask
from workflow_scripts.ingest.naming import bare


def find(place: Path, wanted: list[str]) -> Find:
    """Return what reads the mask `place/a/b.png` of the picture `a/b.dcm`."""
    names = Counter(_named(path) for path in wanted)

    def mask(path: str) -> Mask | None:
        return drawn(place / _named(path)) if names[_named(path)] == 1 else None

    return mask


def _named(path: str) -> Path:
    below = Path(path)
    return below.with_name(f"{bare(below).name}.png")


def drawn(file: Path) -> Mask | None:
    """Return a mask that was saved as a picture: any value but 0 is lung.

    None if it is not there or cannot be read.
    """
    try:
        if not file.is_file():  # raises where the name is too long for a file
            return None
        values = raster.read(file.read_bytes(), bilevel=True).values
    except Exception:
        return None
    return (values > 0).astype(np.uint8)

"""A folder of PNG masks with the names of the pictures, wherever those lie.

For sets with `images/b.jpg` beside `masks/b.png`, in which a name stands for one
picture.
"""

from collections import Counter
from pathlib import Path

from workflow_scripts.ingest.masks import Find, Mask
from workflow_scripts.ingest.masks.folder import drawn
from workflow_scripts.ingest.naming import bare


def find(place: Path, wanted: list[str]) -> Find:
    """Return what reads the mask `place/b.png` of the picture `a/b.dcm`."""
    names = Counter(bare(Path(path)).name for path in wanted)

    def mask(path: str) -> Mask | None:
        stem = bare(Path(path)).name
        return drawn(place / f"{stem}.png") if names[stem] == 1 else None

    return mask

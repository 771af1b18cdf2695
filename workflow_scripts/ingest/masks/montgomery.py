"""Montgomery's hand-drawn lungs: `ManualMask`, with `leftMask` and `rightMask` below.

Candemir et al. 2014, IEEE Trans Med Imaging 33(2):577-590. Both folders hold a mask of
each picture's name; we join them, and trust no picture that has but one.
"""

from collections import Counter
from pathlib import Path

from workflow_scripts.ingest.masks import Find, Mask
from workflow_scripts.ingest.masks.folder import drawn
from workflow_scripts.ingest.naming import bare

SIDES = ("leftMask", "rightMask")


def find(place: Path, wanted: list[str]) -> Find:
    """Return what joins `place/leftMask/STEM.png` and `place/rightMask/STEM.png`."""
    names = Counter(bare(Path(path)).name for path in wanted)

    def mask(path: str) -> Mask | None:
        stem = bare(Path(path)).name
        files = [place / side / f"{stem}.png" for side in SIDES]
        if names[stem] != 1:
            return None
        left, right = (drawn(file) for file in files)
        if left is None or right is None or left.shape != right.shape:
            return None
        return left | right

    return mask

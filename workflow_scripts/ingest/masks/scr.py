"""SCR: lungs of the JSRT films, drawn by hand.

van Ginneken, Stegmann, Loog 2006, "Segmentation of anatomical structures in chest
radiographs using supervised methods", Med Image Anal 10(1):19-40,
https://www.isi.uu.nl/Research/Databases/SCR/; for research and education.

`fold1/masks/left lung/JPCLN001.gif` and so on: 1024 x 1024 pixels for films of
2048 x 2048. What lies behind heart and diaphragm is no lung here.
"""

from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from workflow_scripts.ingest.masks import Find, Mask

SIDES = ("left lung", "right lung")


def find(place: Path, wanted: list[str]) -> Find:
    """Return what joins both lungs of a film, wherever below `place` they lie."""
    names = Counter(Path(path).stem for path in wanted)
    files = {(file.parent.name, file.stem): file for file in place.rglob("*.gif")}

    def mask(path: str) -> Mask | None:
        stem = Path(path).stem
        sides = [files.get((side, stem)) for side in SIDES]
        if names[stem] != 1:
            return None
        left, right = (_drawn(file) if file else None for file in sides)
        if left is None or right is None or left.shape != right.shape:
            return None
        return left | right

    return mask


def _drawn(file: Path) -> Mask | None:
    """Return a mask that was saved as GIF, None if it cannot be read."""
    try:
        with Image.open(file, formats=("GIF",)) as image:
            values = np.asarray(image.convert("L"))
    except Exception:
        return None
    return (values > 0).astype(np.uint8)

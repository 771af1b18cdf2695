"""Lungs of Shenzhen's pictures, of a release of their own: `STEM_mask.png`.

Stirenko et al. 2018, "Chest X-ray analysis of tuberculosis by deep learning with
segmentation and augmentation", https://arxiv.org/abs/1803.01199; on Kaggle
yoctoman/shcxr-lung-mask. 566 of the 662 pictures have one.
"""

from collections import Counter
from pathlib import Path

from workflow_scripts.ingest.masks import Find, Mask
from workflow_scripts.ingest.masks.folder import drawn
from workflow_scripts.ingest.naming import bare


def find(place: Path, wanted: list[str]) -> Find:
    """Return what reads `place/STEM_mask.png`."""
    names = Counter(bare(Path(path)).name for path in wanted)

    def mask(path: str) -> Mask | None:
        stem = bare(Path(path)).name
        file = place / f"{stem}_mask.png"
        return drawn(file) if names[stem] == 1 else None

    return mask

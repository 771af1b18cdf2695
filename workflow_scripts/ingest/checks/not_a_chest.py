"""Find pictures that are neither a chest nor an inverted chest; many are missed.

Where the copy of `inverted` correlates with a chest in neither polarity, what is drawn
is something else. Documents are told by paper: most of the picture is one bright grey.

Measured: no alarm in 5,808 children, 211 adults, 828 phantoms. Found: a leg, a face,
pages, gradients, a chest lying on its side. A hip, a dental picture, an MR slice and a
chest upside down count as `inverted`; CT slices and a flower pass.
"""

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.ingest.checks.inverted import INVERTED, likeness

CHEST = 0.08  # correlation below which it is none
PAPER = 0.6  # share of the picture within a few grey values
BRIGHT = 200  # grey value of paper
SAME = 3  # grey values


def suspect(picture: NDArray[np.uint8]) -> str:
    """Return why the picture is no chest, or ""."""
    score = likeness(picture)
    if INVERTED <= score < CHEST:
        return f"correlates {score:.2f} with a chest"
    some = picture[:: 1 + picture.shape[0] // 256, :: 1 + picture.shape[1] // 256]
    counts = np.bincount(some.ravel(), minlength=256)
    common = int(counts.argmax())
    if common >= BRIGHT:
        low, high = max(0, common - SAME), common + SAME + 1
        if (share := counts[low:high].sum() / some.size) >= PAPER:
            return f"{100 * share:.0f} % of the picture is one bright grey"
    return ""

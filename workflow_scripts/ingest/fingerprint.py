"""Make the fingerprint by which copies of a picture are found, see `core.near`."""

import base64

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.core.near import SIDE, details
from workflow_scripts.ingest.picture import areas


def fingerprint(picture: NDArray[np.uint8]) -> str:
    """Return the hash in hexadecimal, a colon, and the small copy in base64.

    Args:
        picture: as displayed, shape (rows, columns), of any size.

    Returns:
        833 printable characters; equal for equal pictures.
    """
    small = _stretched(picture)
    signs = np.packbits(details(small[None])[0] > 0).tobytes().hex()
    return f"{signs}:{base64.b64encode(small.tobytes()).decode('ascii')}"


def _stretched(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the small copy: from 0 to 255, and its median in the middle."""
    small = areas(picture, SIDE, SIDE)
    small = small - small.min()
    small = small / max(float(small.max()), 1.0)
    middle = float(np.median(small))
    if 0.01 < middle < 0.99:  # beyond, most of it is border
        small = small ** np.clip(np.log(0.5) / np.log(middle), 0.25, 4)
    return np.rint(small * 255).astype(np.uint8)

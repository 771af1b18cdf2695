"""Show a picture as a radiologist sees it: air dark, bone bright, patient upright.

The one authority on polarity. The order is DICOM's own (PS3.4 N.2): stored values,
modality LUT or rescale, VOI LUT or window, then polarity; at last the orientation.

All but the last is a function of one stored value. It is worked out once for each
value that occurs and then looked up, so that a picture costs one pass. Where the
function is a straight line, even that is left out: the mean of shades is the shade of
the mean, so the stored values may be shrunk first.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from workflow_scripts.ingest.header import Header, text
from workflow_scripts.ingest.levels import Levels, looked_up, occurring, stretched
from workflow_scripts.ingest.lookup import Values, clipped, modality, padding, viewed
from workflow_scripts.ingest.reasons import Refused

DULL = 0.02  # standard deviation of a picture in [0, 1] whose window missed it
FINE = 1024  # levels at least, of those that are rounded before they become 256
BENDS = ("PixelPaddingValue", "ModalityLUTSequence", "VOILUTSequence")


def displayed(stored: NDArray[Any], ds: Dataset, header: Header) -> NDArray[Any]:
    """Return the picture as displayed, but not yet turned upright.

    Args:
        stored: the stored values, uint8, uint16 or int16, shape (rows, columns).
        ds: the data set, for its lookup tables and windows.
        header: of the same file.

    Returns:
        0 is black; white is 255 in 8 and 65535 in 16 bits. Same shape as `stored`.

    Raises:
        Refused: if the tags contradict each other on polarity or rescaling.
    """
    levels = occurring(stored)
    padded = padding(levels.values, ds)
    exposed = levels if padded is None else levels.where(~padded)
    if not exposed.values.size:
        raise Refused("no_contrast", "nothing but padding")
    shown = _shades(exposed, ds, header)
    if inverted(header):
        shown = 1 - shown
    if padded is not None:
        whole = np.zeros(padded.shape, np.float32)
        whole[~padded] = shown
        shown = whole
    return looked_up(stored, levels, shown)


def straight(
    stored: NDArray[Any], ds: Dataset, header: Header
) -> tuple[float, float] | None:
    """Return slope and shift if shades in [0, 1] are just that of every stored value.

    None if there is no window, or it clips a value, or there is a table or padding, or
    values are so few that the mean of some must not be rounded to one of them.
    """
    if any(tag in ds for tag in BENDS) or text(ds, "VOILUTFunction") == "SIGMOID":
        return None
    low, high = (int(end) for end in cv2.minMaxLoc(stored)[:2])
    if high - low < FINE:
        return None
    ends = np.array([low, low + 1, high - 1, high], stored.dtype)
    shades = viewed(modality(ends, ds), ds)
    if shades is None:
        return None
    shades = 1 - shades if inverted(header) else shades
    slope = float(shades[3] - shades[0]) / (high - low)
    steps = np.array([shades[1] - shades[0], shades[3] - shades[2]])
    if not np.allclose(steps, slope, rtol=0.01) or abs(slope) > 1 / FINE:
        return None
    return slope, float(shades[0]) - slope * low


def inverted(header: Header) -> bool:
    """Tell whether large values are dark.

    MONOCHROME1 with Presentation LUT Shape INVERSE is the legal pair of a DX image
    (PS3.3 C.8.11.3.1.2): it says the same thing twice, and is inverted once.

    Raises:
        Refused: if the two tags contradict each other.
    """
    if header.photometric == "MONOCHROME2" and header.shape == "INVERSE":
        raise Refused("tags_contradict", "polarity")
    return header.photometric == "MONOCHROME1"


def upright(picture: NDArray[Any], orientation: tuple[str, ...]) -> NDArray[Any]:
    """Turn and mirror a picture so that rows run to the left and columns to the feet.

    Args:
        picture: shape (rows, columns).
        orientation: Patient Orientation (0020,0020): where rows and columns run to.
    """
    if len(orientation) != 2 or not all(orientation):
        return picture
    along, down = (direction[0] for direction in orientation)
    if along in "HF" and down in "LRAP":
        picture, along, down = picture.T, down, along
    if along not in "LRAP" or down not in "HF":
        return picture
    if along == "R":
        picture = picture[:, ::-1]
    if down == "H":
        picture = picture[::-1]
    return np.ascontiguousarray(picture)


def _shades(levels: Levels, ds: Dataset, header: Header) -> Values:
    """Return what each level is shown as, before polarity."""
    values = modality(levels.values, ds)
    shown = viewed(values, ds)
    if shown is not None and not _dull(shown, levels.counts):
        return shown
    if header.bits_stored == 8 and np.array_equal(values, levels.values):
        plain = clipped(values, 255)  # 8 bits are meant to be shown as they are
        if values.min() >= 0 and not _dull(plain, levels.counts):
            return plain
    return stretched(values, levels.counts)


def dull(picture: NDArray[Any]) -> bool:
    """Tell whether a small picture may be one whose window missed it."""
    _, deviation = cv2.meanStdDev(picture)
    return float(deviation[0, 0]) < 1.5 * DULL * 255


def _dull(shown: Values, counts: NDArray[np.float64]) -> bool:
    share = counts / counts.sum()
    mean = float(share @ shown)
    return float(share @ (shown - mean) ** 2) < DULL**2

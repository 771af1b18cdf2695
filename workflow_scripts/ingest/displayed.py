"""Show a picture as a radiologist sees it: air dark, bone bright, patient upright.

The one authority on polarity. The order is DICOM's own (PS3.4 N.2): stored values,
modality LUT or rescale, VOI LUT or window, then polarity; at last the orientation.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from workflow_scripts.ingest.header import Header, text
from workflow_scripts.ingest.lookup import look_up
from workflow_scripts.ingest.reasons import Refused

Values = NDArray[np.float32]
TAILS = (0.5, 99.5)  # percent of the pixels that a stretch may clip at each end
DULL = 0.02  # standard deviation of a picture in [0, 1] whose window missed it


def displayed(stored: NDArray[np.int32], ds: Dataset, header: Header) -> Values:
    """Return the picture as displayed.

    Args:
        stored: the stored values, shape (rows, columns).
        ds: the data set, for its lookup tables and windows.
        header: of the same file.

    Returns:
        float32 in [0, 1]; rows and columns change places if the patient lies.

    Raises:
        Refused: if the tags contradict each other on polarity or rescaling.
    """
    padded = _padding(stored, ds)
    values = _modality(stored, ds)
    known = values if padded is None else values[~padded]
    if not known.size:
        raise Refused("no_contrast", "nothing but padding")
    picture = _viewed(values, ds)
    if picture is None or _dull(picture, padded):
        picture = _plain(values, known, ds, header)
    if inverted(header):
        picture = 1 - picture
    if padded is not None:
        picture[padded] = 0
    return upright(picture, header.orientation)


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


def stretched(values: Values, known: Values) -> Values:
    """Return `values` stretched to [0, 1] between the `known` ones' outer tails."""
    low, high = np.percentile(known, TAILS)
    if high <= low:
        low, high = float(known.min()), float(known.max())
    return _clipped(values - np.float32(low), max(high - low, 1e-6))


def _clipped(values: Values, width: float) -> Values:
    return np.clip(values / np.float32(width), 0, 1)


def _dull(picture: Values, padded: NDArray[np.bool_] | None) -> bool:
    return bool((picture if padded is None else picture[~padded]).std() < DULL)


def _padding(stored: NDArray[np.int32], ds: Dataset) -> NDArray[np.bool_] | None:
    """Tell which pixels the scanner never exposed, or None if no tag speaks of any."""
    value = ds.get("PixelPaddingValue")
    if type(value) is not int:
        return None
    limit = ds.get("PixelPaddingRangeLimit")
    low, high = sorted((value, limit if type(limit) is int else value))
    padded = (stored >= low) & (stored <= high)
    return padded if padded.any() else None


def _modality(stored: NDArray[np.int32], ds: Dataset) -> Values:
    """Return the values after the modality LUT or rescaling: what windows refer to."""
    if ds.get("ModalityLUTSequence"):
        found = _looked_up(stored, ds.ModalityLUTSequence[0], ds)
        if found is None:
            raise Refused("tags_contradict", "modality LUT")
        return found[0]
    try:
        slope = float(text(ds, "RescaleSlope") or 1)
        intercept = float(text(ds, "RescaleIntercept") or 0)
    except ValueError:
        raise Refused("tags_contradict", "rescale slope or intercept") from None
    if slope == 0 or not np.isfinite([slope, intercept]).all():
        raise Refused("tags_contradict", "rescale slope or intercept")
    return (stored * slope + intercept).astype(np.float32)


def _viewed(values: Values, ds: Dataset) -> Values | None:
    """Return the picture in its first VOI LUT or window; None if neither is sound."""
    if ds.get("VOILUTSequence"):
        found = _looked_up(values, ds.VOILUTSequence[0], ds)
        return found and _clipped(found[0] - np.float32(found[1]), found[2] - found[1])
    centres, widths = text(ds, "WindowCenter"), text(ds, "WindowWidth")
    if not centres or centres.count("\\") != widths.count("\\"):
        return None
    try:
        centre = float(centres.split("\\")[0])
        width = float(widths.split("\\")[0])
    except ValueError:
        return None
    return windowed(values, centre, width, text(ds, "VOILUTFunction").upper())


def windowed(values: Values, centre: float, width: float, shape: str) -> Values | None:
    """Return `values` in a window, in [0, 1]; None if it is no window at all.

    PS3.3 C.11.2.1.2 and C.11.2.1.3. pydicom's `apply_windowing` is not used: it scales
    to the range of Bits Stored, which is wrong where that tag is.

    Args:
        values: after the modality LUT.
        centre: Window Center (0028,1050).
        width: Window Width (0028,1051).
        shape: VOI LUT Function (0028,1056); "" is LINEAR.
    """
    if not np.isfinite([centre, width]).all() or width <= 0:
        return None
    if shape == "SIGMOID":
        power = np.clip(-4 * (values - np.float32(centre)) / np.float32(width), -80, 80)
        return 1 / (1 + np.exp(power))
    if shape == "LINEAR_EXACT":
        return _clipped(values - np.float32(centre - width / 2), width)
    if shape not in {"", "LINEAR"} or width < 1:
        return None
    if width == 1:
        return (values > centre - 0.5).astype(np.float32)
    return _clipped(values - np.float32(centre - 0.5 - (width - 1) / 2), width - 1)


def _looked_up(
    values: NDArray[Any], item: Dataset, ds: Dataset
) -> tuple[Values, float, float] | None:
    """Return the table's answers and its range; None if it is no sound table."""
    little = bool(ds.original_encoding[1])
    try:
        return look_up(values, item, little_endian=little)
    except (ValueError, TypeError, AttributeError, KeyError, IndexError):
        return None


def _plain(values: Values, known: Values, ds: Dataset, header: Header) -> Values:
    """Return the picture without a window: 8 bits as they are, more are stretched."""
    if header.bits_stored == 8 and not header.signed and "RescaleSlope" not in ds:
        plain = _clipped(values, 255)
        if "ModalityLUTSequence" not in ds and plain.std() >= DULL:
            return plain
    return stretched(values, known)

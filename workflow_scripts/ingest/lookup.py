"""Follow a header from stored values to shades: padding, modality LUT, VOI LUT, window.

Every function takes values of any shape and answers for each of them (PS3.3 C.11.1,
C.11.2). pydicom's own are not used: `apply_modality_lut` of 3.0.2 fails on tables of
10 or 12 bits (there is no `uint10`), and none tells the range of a table.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from workflow_scripts.ingest.header import text
from workflow_scripts.ingest.reasons import Refused

Values = NDArray[np.float32]


def padding(stored: NDArray[Any], ds: Dataset) -> NDArray[np.bool_] | None:
    """Tell which values the scanner never exposed, or None if there are none.

    Pixel Padding Value (0028,0120), alone or as a range with its limit (0028,0121).
    """
    value = ds.get("PixelPaddingValue")
    if type(value) is not int:
        return None
    limit = ds.get("PixelPaddingRangeLimit")
    low, high = sorted((value, limit if type(limit) is int else value))
    known = stored.astype(np.int64)
    padded = (known >= low) & (known <= high)
    return padded if padded.any() else None


def modality(stored: NDArray[Any], ds: Dataset) -> Values:
    """Return the values after the modality LUT or rescaling: what windows refer to.

    Raises:
        Refused: if the table is not sound, or the rescaling none.
    """
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
    values = (stored * slope + intercept).astype(np.float32)
    if slope == 0 or not np.isfinite(values).all():
        raise Refused("tags_contradict", "rescale slope or intercept")
    return values


def viewed(values: Values, ds: Dataset) -> Values | None:
    """Return shades by the first VOI LUT or window; None if neither is sound."""
    if ds.get("VOILUTSequence"):
        found = _looked_up(values, ds.VOILUTSequence[0], ds)
        return found and clipped(found[0] - np.float32(found[1]), found[2] - found[1])
    centres, widths = text(ds, "WindowCenter"), text(ds, "WindowWidth")
    if not centres or centres.count("\\") != widths.count("\\"):
        return None
    try:
        centre = float(centres.split("\\")[0])
        width = float(widths.split("\\")[0])
    except ValueError:
        return None
    return windowed(values, centre, width, text(ds, "VOILUTFunction").upper())


def clipped(values: Values, width: float) -> Values:
    """Return `values` as shares of `width`, held in [0, 1]."""
    return np.clip(values / np.float32(width), 0, 1)


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
        return clipped(values - np.float32(centre - width / 2), width)
    if shape not in {"", "LINEAR"} or width < 1:
        return None
    if width == 1:
        return (values > centre - 0.5).astype(np.float32)
    return clipped(values - np.float32(centre - 0.5 - (width - 1) / 2), width - 1)


def _looked_up(
    values: NDArray[Any], item: Dataset, ds: Dataset
) -> tuple[Values, float, float] | None:
    """Return the table's answers and its range; None if it is no sound table."""
    little = bool(ds.original_encoding[1])
    try:
        return look_up(values, item, little_endian=little)
    except (ValueError, TypeError, AttributeError, KeyError, IndexError):
        return None


def look_up(
    values: NDArray[Any], item: Dataset, *, little_endian: bool
) -> tuple[Values, float, float]:
    """Return what the table says of each value, and the table's own range.

    Values below or above the table take its first or last entry.

    Args:
        values: any shape; rounded to whole numbers.
        item: of a Modality LUT Sequence or VOI LUT Sequence.
        little_endian: how the file's words are written.

    Raises:
        ValueError: if the table is shorter than its descriptor says, or constant.
    """
    entries, first, _ = (int(value) for value in item.LUTDescriptor)
    entries = entries % 2**16 or 2**16  # 0 means 65536; its VR may be signed
    if first >= 2**15 and values.min() < 0:
        first -= 2**16  # written as US, meant as SS
    data = item["LUTData"].value
    if isinstance(data, bytes):
        packed = len(data) in {entries, entries + entries % 2} and entries > 1
        kind = "u1" if packed else "<u2" if little_endian else ">u2"
        table = np.frombuffer(data, kind)
    else:
        table = np.asarray(data)
    table = table[:entries].astype(np.float32)
    low, high = float(table.min()), float(table.max())
    if len(table) < entries or low == high:
        raise ValueError("a table shorter than its descriptor, or constant")
    places = np.clip(np.rint(values) - first, 0, entries - 1).astype(np.int32)
    return table[places], low, high

"""Apply a lookup table of a DICOM header (PS3.3 C.11.1 and C.11.2).

pydicom's own functions are not used: `apply_modality_lut` of 3.0.2 fails on tables of
10 or 12 bits (there is no `uint10`), and neither tells the range of the table.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset


def look_up(
    values: NDArray[Any], item: Dataset, *, little_endian: bool
) -> tuple[NDArray[np.float32], float, float]:
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
    entries = entries or 2**16
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

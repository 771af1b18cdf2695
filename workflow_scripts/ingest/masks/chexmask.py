"""CheXmask: lungs that a network drew on six large public sets.

Gaggion et al. 2024, "CheXmask: a large-scale dataset of anatomical segmentation masks
for multi-center chest x-ray images", Sci Data 11:511,
https://doi.org/10.1038/s41597-024-03358-1; version 1.0.0 on PhysioNet,
https://physionet.org/content/chexmask-cxr-segmentation-data/1.0.0/, CC BY 4.0. Drawn by
HybridGNet.

One CSV of gigabytes for each set, of which we read the columns and keep the rows that
are asked for. Take it from `OriginalResolution`; `Preprocessed` is on a padded square.
Runs are text, `start length start length ...`, counted from 1 along the rows. A mask
whose estimated quality, `Dice RCA (Mean)`, is below 0.7 is not to be trusted (the
paper's own limit, which also tells laterals that bear a frontal name).
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv

from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.masks import Find, Mask
from workflow_scripts.ingest.naming import bare

# The column that names the picture, and how many parts of its path count
NAMES = {"Image Index": 1, "Path": 4, "dicom_id": 1, "ImageID": 1, "image_id": 1}
LUNGS = ("Left Lung", "Right Lung")
QUALITY = "Dice RCA (Mean)"
SHAPE = ("Height", "Width")
TRUSTED = 0.7
BLOCK = 4 << 20  # bytes; larger than any row
LARGEST = 1 << 28  # pixels

Row = dict[str, Any]


def find(place: Path, wanted: list[str]) -> Find:
    """Return what reads the masks of a table of CheXmask, `.csv` or `.csv.gz`.

    Raises:
        InputError: if the file is not such a table.
    """
    try:
        name = _name(place)
        parts = NAMES[name]
        names = Counter(_key(path, parts) for path in wanted)
        asked = {key for key, count in names.items() if count == 1}
        rows = dict(_rows(place, name, asked))
    except (OSError, pa.ArrowException) as error:
        kind = type(error).__name__
        raise InputError(f"lung_masks: not a readable table ({kind})") from None

    def mask(path: str) -> Mask | None:
        row = rows.get(_key(path, parts))
        return _mask(row) if row else None

    return mask


def _key(path: str, parts: int) -> str:
    return "/".join(bare(PurePosixPath(path)).parts[-parts:])


def _name(place: Path) -> str:
    """Return the column that names the picture."""
    with _opened(place, None) as reader:
        columns = reader.schema.names
    if lacking := [name for name in (*LUNGS, QUALITY, *SHAPE) if name not in columns]:
        raise InputError(
            f"lung_masks: the table has no column {lacking}; take it from CheXmask's "
            "folder OriginalResolution"
        )
    for name in NAMES:
        if name in columns:
            return name
    raise InputError(f"lung_masks: the table has no column of {list(NAMES)}")


def _rows(place: Path, name: str, asked: set[str]) -> Iterator[tuple[str, Row]]:
    """Yield the rows whose picture is asked for and whose mask is to be trusted."""
    with _opened(place, [name, QUALITY, *LUNGS, *SHAPE]) as reader:
        for batch in reader:
            keys = [_key(cell, NAMES[name]) for cell in batch.column(name).to_pylist()]
            kept = [row for row, key in enumerate(keys) if key in asked]
            wanted = batch.take(pa.array(kept, pa.int64())).to_pylist()
            for row, told in zip(kept, wanted, strict=True):
                if _number(told[QUALITY]) >= TRUSTED:
                    yield keys[row], told


def _opened(place: Path, columns: list[str] | None) -> csv.CSVStreamingReader:
    """Open the table to be read in blocks, every cell as text."""
    kinds = dict.fromkeys([*NAMES, *LUNGS, QUALITY, *SHAPE], pa.string())
    return csv.open_csv(
        str(place),
        read_options=csv.ReadOptions(block_size=BLOCK),
        parse_options=csv.ParseOptions(newlines_in_values=True),  # as in `Landmarks`
        convert_options=csv.ConvertOptions(
            column_types=kinds, include_columns=columns, strings_can_be_null=False
        ),
    )


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")


def _mask(row: Row) -> Mask | None:
    """Return the mask of a row, None if it is empty or its runs leave the picture."""
    height, width = (_number(row[side]) for side in SHAPE)
    if not (height >= 1 and width >= 1 and height * width <= LARGEST):
        return None
    flat = np.zeros(int(height) * int(width), np.uint8)
    for lung in LUNGS:
        try:
            runs = np.array(row[lung].split(), np.int64)
        except ValueError:
            return None
        if len(runs) == 0 or len(runs) % 2:
            return None
        starts, lengths = runs[::2] - 1, runs[1::2]
        if min(starts.min(), lengths.min()) < 0 or max(starts + lengths) > len(flat):
            return None
        for start, length in zip(starts, lengths, strict=True):
            flat[start : start + length] = 1
    return flat.reshape(int(height), int(width)) if flat.any() else None

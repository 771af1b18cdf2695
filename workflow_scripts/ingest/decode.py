"""Decode one shard of a dataset's files to pictures as displayed."""

import contextlib
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote_to_bytes

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.progress import progress
from workflow_scripts.core.tables.ingest import NO_MASK, PATHS
from workflow_scripts.ingest import parsing
from workflow_scripts.ingest.decoded import DECODED, shard_of
from workflow_scripts.ingest.lung_masks import find_mask, fitted
from workflow_scripts.ingest.pseudonym import Pseudonyms, read_key
from workflow_scripts.ingest.reading import Reader, Reading
from workflow_scripts.ingest.reasons import status

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How pixels and headers are read."""

    key_file: str  # "" for phantoms, whose key is public
    state: str  # of the files that no rule declares; only to notice that they changed
    site: str  # ids of two sites never meet
    shards: int
    long_side_px: int
    views: str  # frontal or any


@dataclass(kw_only=True)
class Shard:
    """The open files of one shard, and how far they are filled."""

    number: int
    pixels: BinaryIO
    masks: BinaryIO
    folder: Path | None  # of lung masks
    offset: int = 0
    without_mask: int = 0

    def add(self, path: str, reading: Reading) -> dict[str, Any]:
        """Append a picture and its mask; return the columns that tell where."""
        if (picture := reading.picture) is None:
            return {}
        rows, columns = picture.shape
        place = {"shard": self.number, "offset": self.offset}
        self.pixels.write(picture.tobytes())
        if self.folder is not None:
            self.masks.write(self._mask(self.folder, path, reading).tobytes())
        self.offset += picture.size
        return {**place, "picture_rows": rows, "picture_columns": columns}

    def _mask(self, folder: Path, path: str, reading: Reading) -> NDArray[np.uint8]:
        assert reading.picture is not None
        mask = None
        if found := find_mask(folder, path):
            mask = fitted(found, reading.picture, reading.orientation)
        if mask is None:
            self.without_mask += 1
            return np.full_like(reading.picture, NO_MASK)
        return mask


def main(
    *,
    root: Input,
    masks: Inputs,
    paths: Input,
    shard: int,
    recipe: Recipe,
    decoded: Output,
    pixels: Output,
    lung_masks: Output,
) -> None:
    """Read the shard's files below `root`, write its table, pictures and masks."""
    parsing.silence()
    listed = PATHS.read(paths)
    ours = listed[[shard_of(i, recipe.shards) == shard for i in listed["file_id"]]]
    reader = Reader(
        root=root,
        pseudonyms=Pseudonyms(read_key(recipe.key_file), recipe.site),
        long_side_px=recipe.long_side_px,
        views=recipe.views,
    )
    folder = masks[0] if masks else None
    with pixels.open("wb") as pictures, lung_masks.open("wb") as others:
        filled = Shard(number=shard, pixels=pictures, masks=others, folder=folder)
        rows = list(_rows(ours, reader, filled))
    frame = pd.DataFrame(rows, columns=list(DECODED.columns))
    DECODED.write(frame, decoded)
    _tell(frame, filled)


def _rows(
    listed: pd.DataFrame, reader: Reader, shard: Shard
) -> Iterator[dict[str, Any]]:
    inside = _below(reader.root, shard.folder)
    files = list(zip(listed["file_id"], listed["path"], strict=True))
    for file_id, path in progress(files, total=len(files), what="files"):
        if inside and unquote_to_bytes(path).startswith(inside):
            reading = Reading(code="lung_mask", row={"patient": "missing"})
        else:
            reading = reader.read(path)
        if status(reading.code) == "quarantined":
            log.warning("file %s: %s %s", file_id, reading.code, reading.detail)
        yield {
            "file_id": file_id,
            "status": status(reading.code),
            "reason": reading.code,
            "detail": reading.detail or None,
            **reading.row,
            **shard.add(path, reading),
        }


def _below(root: Path, folder: Path | None) -> bytes:
    """Return where the masks lie below the root, with a slash; empty if elsewhere."""
    if folder is None:
        return b""
    with contextlib.suppress(ValueError):
        return os.fsencode(folder.resolve().relative_to(root.resolve())) + b"/"
    return b""


def _tell(frame: pd.DataFrame, shard: Shard) -> None:
    for reason, count in frame["reason"].value_counts().sort_index().items():
        log.info("%s: %d files", reason, count)
    if shard.folder is not None and shard.without_mask:
        log.warning("%d pictures have no lung mask", shard.without_mask)


if __name__ == "__main__":
    entry.run(main)

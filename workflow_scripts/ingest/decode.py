"""Decode one shard of a dataset's files to pictures as displayed."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import pandas as pd

from workflow_scripts.core import archive, entry
from workflow_scripts.core.entry import Input, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.progress import progress
from workflow_scripts.core.tables.ingest import DECODED
from workflow_scripts.ingest import bounded, selftest
from workflow_scripts.ingest.find import of_shard
from workflow_scripts.ingest.pseudonym import make_key, pseudonyms_of
from workflow_scripts.ingest.reading import Reader, Reading
from workflow_scripts.ingest.reasons import status

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How pixels and headers are read."""

    key_file: str  # "" for phantoms, whose key is public
    state: str  # of the shard's files; only to notice that they changed
    shards: int  # of phantoms, which the plan could not list; 0 otherwise
    paths: str  # digest of the list of files that the plan made; "" for phantoms
    site: str  # ids of two sites never meet
    long_side_px: int
    exclude: list[str]  # rules of scope that are switched on
    checks: list[str]  # files in ingest/checks
    raw: dict[str, Any] | None  # form of pictures without any header
    masks_below: list[str]  # folders of masks below the root


def main(
    *,
    root: Input,
    shard: int,
    recipe: Recipe,
    decoded: Output,
    pixels: Output,
) -> None:
    """Read the shard's files below `root`, write its table and its pictures."""
    selftest.refuse_wrong_environment()
    private = decoded.parent.with_name("private")
    make_key(recipe.key_file, private)
    planned = recipe.shards, recipe.paths
    listed = of_shard(root, private, shard, *planned, recipe.key_file)
    reader = Reader(
        root=root,
        pseudonyms=pseudonyms_of(recipe.key_file, recipe.site, private),
        long_side_px=recipe.long_side_px,
        exclude=frozenset(recipe.exclude),
        checks=tuple(recipe.checks),
        raw=recipe.raw,
    )
    with pixels.open("wb") as pictures:
        rows = list(_rows(listed, reader, recipe.masks_below, shard, pictures))
    frame = pd.DataFrame(rows, columns=list(DECODED.columns))
    _refuse_lost_folder(frame)
    DECODED.write(frame, decoded)
    for reason, count in frame["reason"].value_counts().sort_index().items():
        log.info("%s: %d files", reason, count)


def _rows(
    listed: pd.DataFrame,
    reader: Reader,
    masks_below: list[str],
    shard: int,
    pictures: BinaryIO,
) -> Iterator[dict[str, Any]]:
    """Yield what became of each file, in the order of the list; write its picture."""
    masks = {path for path in listed["path"] if archive.below(path, masks_below)}
    asked = [path for path in listed["path"] if path not in masks]
    readings = bounded.readings(reader, asked)
    files = zip(listed["file_id"], listed["path"], strict=True)
    for file_id, path in progress(files, total=len(listed), what="files"):
        reading = Reading(code="lung_mask") if path in masks else next(readings)
        if status(reading.code) == "quarantined":
            log.warning("file %s: %s %s", file_id, reading.code, reading.detail)
        yield {
            "file_id": file_id,
            "status": status(reading.code),
            "reason": reading.code,
            "detail": reading.detail or None,
            "patient": "missing",
            **reading.row,
            **_placed(reading, shard, pictures),
        }


def _refuse_lost_folder(frame: pd.DataFrame) -> None:
    """Refuse to call files bad that a dropped mount or missing rights keep from us."""
    lost = int((frame["reason"] == "cannot_open").sum())
    if lost > len(frame) / 2:
        raise InputError(
            f"datasets: {lost} of {len(frame)} files of this shard cannot be opened; "
            "is `root` mounted, and may we read it?"
        )
    if lost:
        log.warning("%d files cannot be opened; `snakemake verify` tries again", lost)


def _placed(reading: Reading, shard: int, pictures: BinaryIO) -> dict[str, Any]:
    """Append a picture to the shard's file; return the columns that tell where."""
    if (picture := reading.picture) is None:
        return {}
    rows, columns = picture.shape
    place = {"shard": shard, "offset": pictures.tell()}
    pictures.write(picture.tobytes())
    return {**place, "picture_rows": rows, "picture_columns": columns}


if __name__ == "__main__":
    entry.run(main)

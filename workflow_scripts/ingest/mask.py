"""Bring the lung masks that somebody drew to the grid of one shard's pictures."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

import cv2
import numpy as np
import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.progress import progress
from workflow_scripts.core.tables.ingest import DECODED, NO_MASK
from workflow_scripts.ingest import masks as sources
from workflow_scripts.ingest.displayed import upright
from workflow_scripts.ingest.find import of_shard
from workflow_scripts.ingest.masks import Mask

SKEWED = 0.02  # share by which the shapes of mask and picture may differ

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Where masks come from."""

    source: str  # a file in ingest/masks; "" for none
    state: str  # of the folder or table of masks
    key_file: str  # "" for phantoms, whose key is public
    shards: int  # of phantoms, which the plan could not list; 0 otherwise
    paths: str  # digest of the list of files that the plan made; "" for phantoms


def main(
    *,
    root: Input,
    masks: Inputs,
    decoded: Input,
    shard: int,
    recipe: Recipe,
    lung_masks: Output,
) -> None:
    """Read the `masks` of the pictures in `decoded`; write them one after another."""
    known = DECODED.read(decoded)
    pictures = known[known["offset"].notna()].sort_values("offset")
    with lung_masks.open("wb") as file:
        if masks:
            private = decoded.parent.with_name("private")
            planned = recipe.shards, recipe.paths
            listed = of_shard(root, private, shard, *planned, recipe.key_file)
            pictures = pictures.merge(listed, on="file_id", how="left")
            if pictures["path"].isna().any():
                raise InputError("ingest: a decoded picture is of no file of the shard")
            _write(pictures, masks[0], recipe.source, file)


def _write(pictures: pd.DataFrame, place: Path, source: str, file: BinaryIO) -> None:
    names = [unquote(path, errors="surrogateescape") for path in pictures["path"]]
    find = sources.load(source)(place, names)
    without = 0
    shapes = pictures[["picture_rows", "picture_columns"]].to_numpy(int).tolist()
    ways = pictures["orientation"].fillna("").str.split("\\", regex=False)
    asked = zip(names, shapes, ways, strict=True)
    for name, (rows, columns), way in progress(asked, total=len(names), what="masks"):
        mask = fitted(find(name), (rows, columns), tuple(way))
        if mask is None:
            without += 1
            mask = np.full((rows, columns), NO_MASK, np.uint8)
        file.write(mask.tobytes())
    if without:
        log.warning("%d of %d pictures have no lung mask", without, len(names))


def fitted(
    mask: Mask | None, shape: tuple[int, int], orientation: tuple[str, ...]
) -> Mask | None:
    """Return a mask on the picture's grid: 1 in the lungs, 0 elsewhere.

    Args:
        mask: on the file's grid.
        shape: rows and columns of the picture, which is upright.
        orientation: Patient Orientation (0020,0020) of the file.

    Returns:
        None if there is no mask, or it has other proportions than the picture.
    """
    if mask is None:
        return None
    turned = upright(mask, orientation)
    rows, columns = shape
    if abs(turned.shape[0] * columns / (turned.shape[1] * rows) - 1) > SKEWED:
        return None
    sized = cv2.resize(turned, (columns, rows), interpolation=cv2.INTER_NEAREST)
    return sized.astype(np.uint8, copy=False)


if __name__ == "__main__":
    entry.run(main)

"""Crop and resize every picture into one memory-mapped array of equal images."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.progress import progress
from workflow_scripts.core.tables.ingest import NO_MASK, PIXELS
from workflow_scripts.core.tables.prepare import STORE
from workflow_scripts.prepare.boxes import Box, lung_box
from workflow_scripts.prepare.resize import squared

log = logging.getLogger(__name__)

Picture = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is kept of a picture, and at which size (config.yaml: ``prepare``)."""

    size_px: int
    crop: str  # none or lungs
    margin: float  # around the lung box; share of its longer side


def main(
    *,
    index: Input,
    pixels: Inputs,
    lung_masks: Inputs,
    recipe: Recipe,
    store: Output,
    images: Output,
) -> None:
    """Read the pictures that `index` lists, write the `store` and its `images`."""
    listed = PIXELS.read(index)
    if listed.empty:
        raise InputError("no image of this dataset was accepted; its ledger says why")
    rows = []
    with store.open("wb") as file:
        pictures = _pictures(listed, pixels, lung_masks)
        for picture, mask in progress(pictures, total=len(listed), what="images"):
            box = chosen_box(picture, mask, recipe)
            file.write(squared(box.of(picture), recipe.size_px).tobytes())
            rows.append(box)
    table = pd.DataFrame([box.as_row() for box in rows])
    log.info("crops: %s", table["crop"].value_counts().to_dict())
    table.insert(0, "image_id", listed["image_id"])
    STORE.write(table.assign(row=np.arange(len(table))), images)


def _pictures(
    listed: pd.DataFrame, pixels: list[Path], lung_masks: list[Path]
) -> Iterator[tuple[Picture, Picture | None]]:
    """Yield every picture and its lung mask, 0 and 1, or None where there is none."""
    shards = {int(path.stem): _mapped(path) for path in pixels}
    masks = {int(path.stem): _mapped(path) for path in lung_masks}
    places = listed[["shard", "offset", "rows", "columns"]].to_numpy(np.int64)
    for shard, offset, rows, columns in places:
        place = slice(offset, offset + rows * columns)
        mask = None
        if len(masks[shard]) and masks[shard][offset] != NO_MASK:
            mask = masks[shard][place].reshape(rows, columns)
        yield shards[shard][place].reshape(rows, columns), mask


def _mapped(path: Path) -> Picture:
    if not path.stat().st_size:  # an empty file cannot be mapped
        return np.empty(0, np.uint8)
    return np.memmap(path, np.uint8, "r")


def chosen_box(picture: Picture, mask: Picture | None, recipe: Recipe) -> Box:
    """Return the part of `picture` to keep: never a wrong crop, rather the whole."""
    rows, columns = picture.shape
    whole = Box(top=0, left=0, rows=rows, columns=columns)
    if recipe.crop == "none":
        return whole
    if mask is None:
        return whole.because("whole: no lung mask")
    return lung_box(mask, recipe.margin)


if __name__ == "__main__":
    entry.run(main)

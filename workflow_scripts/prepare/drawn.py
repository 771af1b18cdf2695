"""Bring lungs that somebody drew into the geometry of the stored images."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.progress import progress
from workflow_scripts.core.tables.prepare_pixels import DRAWN, STORED
from workflow_scripts.prepare.boxes import Box
from workflow_scripts.prepare.pictures import Picture, Pictures, mapped
from workflow_scripts.prepare.resize import squared

NOTHING = np.zeros((1, 1), np.uint8)

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How large the stored images are (config.yaml: ``prepare``)."""

    size_px: int


def main(
    *,
    decoded: Input,
    pixels: Input,
    lung_masks: Input,
    stored: Input,
    recipe: Recipe,
    drawn: Output,
    listed: Output,
) -> None:
    """Write what was `drawn` in each image of a shard, a bit for each pixel.

    Nothing where nobody drew; `listed` says where something is left in the image. What
    was drawn goes the way of the pixels: each image's crop is that in `stored`.
    """
    pictures, masks = Pictures(decoded, pixels), mapped(lung_masks)
    boxes = STORED.read(stored).sort_values("row")
    if boxes["file_id"].tolist() != pictures.file_ids.tolist():
        raise InputError(f"{stored}: is not of these pictures; delete it and run again")
    known = []
    crops = boxes.to_dict("records")
    with drawn.open("wb") as bits:
        for number, row in enumerate(progress(crops, total=len(crops), what="images")):
            mask = pictures.drawn(masks, number)
            seen = NOTHING if mask is None else box_of(row).of(mask)
            square = in_store(seen, recipe.size_px)
            known.append(bool(square.any()))
            bits.write(np.packbits(square, axis=-1).tobytes())
    log.info("lungs were drawn in %d of %d images", sum(known), len(known))
    table = pd.DataFrame({"file_id": boxes["file_id"], "row": boxes["row"]})
    DRAWN.write(table.assign(drawn=known), listed)


def box_of(row: Mapping[Any, Any]) -> Box:
    """Return the part of its picture that a stored image shows; a row of STORED."""
    return Box(
        top=row["box_top"],
        left=row["box_left"],
        rows=row["box_rows"],
        columns=row["box_columns"],
    )


def in_store(mask: Picture, size_px: int) -> Picture:
    """Return a mask, 0 and 1, as pixels of the store: 1 where half or more is mask.

    Args:
        mask: of the part of a picture that is stored.
        size_px: side of the stored image.
    """
    square = squared(mask * np.uint8(255), size_px)
    return (square >= 128).astype(np.uint8)


if __name__ == "__main__":
    entry.run(main)

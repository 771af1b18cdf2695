"""Crop and resize the pictures of one shard to equal images."""

import logging
from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Identity, Input, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.progress import progress
from workflow_scripts.core.tables.prepare_pixels import LUNGS, STORED
from workflow_scripts.prepare.crop import Crop, chosen
from workflow_scripts.prepare.finders import SIDE
from workflow_scripts.prepare.lung_quality import sides
from workflow_scripts.prepare.pictures import Picture, Pictures, mapped
from workflow_scripts.prepare.resize import squared, unsquared

AROUND = (5, 5)  # two pixels of SIDE are kept around lungs when all else is black
TILES = (8, 8)  # of CLAHE

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is kept of a picture, and at which size (config.yaml: ``prepare``)."""

    size_px: int
    crop: str  # none, lungs or masked
    margin: float  # around the lung box; share of its longer side
    contrast: str  # as_displayed or clahe
    clahe_clip: float
    least_quality: float  # of a lung mask to be trusted, 0 to 1


def main(
    *,
    decoded: Input,
    pixels: Input,
    lungs: Input,
    found: Input,
    recipe: Recipe,
    identity: Identity,
    store: Output,
    stored_lungs: Output,
    stored: Output,
) -> None:
    """Make the images of the `store`, and their lungs in the very same geometry.

    The `stored_lungs` are the two lungs alone; none where the mask is not trusted.
    By its `identity` a shard is kept: lungs found anew, and the same, change nothing.
    """
    pictures = Pictures(decoded, pixels)
    where = LUNGS.read(found)
    if where["file_id"].tolist() != pictures.file_ids.tolist():
        raise InputError(f"{found}: is not of these pictures; delete it and run again")
    masks = mapped(lungs).reshape(len(pictures), SIDE, SIDE // 8)
    asked = {key: getattr(recipe, key) for key in ("crop", "margin", "least_quality")}
    rows = []
    told = zip(pictures, masks, where.to_dict("records"), strict=True)
    with store.open("wb") as images, stored_lungs.open("wb") as bits:
        for picture, packed, row in progress(told, total=len(masks), what="images"):
            crop = chosen(row, picture.shape, **asked)
            mask = np.unpackbits(packed, axis=-1)
            image, lung = imaged(picture, mask, crop, recipe)
            images.write(image.tobytes())
            bits.write(np.packbits(lung, axis=-1).tobytes())
            rows.append(crop.as_row())
    columns = [name for name in STORED.columns if name not in {"file_id", "row"}]
    table = pd.DataFrame(rows, columns=columns)
    log.info("crops: %s", table["crop"].value_counts().to_dict())
    table = table.assign(file_id=pictures.file_ids, row=range(len(table)))
    STORED.write(table, stored)


def imaged(
    picture: Picture, mask: Picture, crop: Crop, recipe: Recipe
) -> tuple[Picture, NDArray[np.bool_]]:
    """Return the image that is stored of one picture, and where its lungs are.

    Args:
        picture: uint8, shape (rows, columns).
        mask: of its lungs, 0 and 1, shape (SIDE, SIDE).
        crop: what is kept of it.
        recipe: at which size, with what contrast.

    Returns:
        uint8 and bool, shape (size_px, size_px); lungs are the two that the mask shows,
        not what was taken for lungs elsewhere, and nowhere if the mask is not trusted.
    """
    rows, columns = picture.shape
    seen = crop.box.of(picture)
    if recipe.contrast == "clahe":
        clip = recipe.clahe_clip
        seen = cv2.createCLAHE(clip, TILES).apply(seen).astype(np.uint8, copy=False)
    both = np.zeros_like(mask)
    if crop.trusted:
        right, left, _ = sides(mask > 0)
        both[right | left] = 255
    if crop.what == "masked":
        round_ = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, AROUND)
        wide = cv2.dilate(both, round_).astype(np.uint8, copy=False)
        kept = unsquared(wide, rows, columns)
        seen = np.where(crop.box.of(kept) >= 128, seen, np.uint8(0))
    lungs = unsquared(both, rows, columns)
    lung = squared(crop.box.of(lungs), recipe.size_px) >= 128
    return squared(seen, recipe.size_px), lung


if __name__ == "__main__":
    entry.run(main)

"""List the images that an encoder is pretrained on: no test patient among them."""

import logging
from dataclasses import dataclass

import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Inputs, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.ingest import IMAGES
from workflow_scripts.core.tables.prepare import POOL, SPLITS, STORE

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Which datasets (config.yaml: ``encoders``), and whose patients are kept out."""

    datasets: list[str]  # as the files are
    walls: list[str]  # tested datasets of the same hospitals, as the files are


def main(
    *,
    images: Inputs,
    stores: Inputs,
    splits: Inputs,
    wall_images: Inputs,
    wall_splits: Inputs,
    recipe: Recipe,
    pool: Output,
) -> None:
    """Keep the training images of all datasets but those of held-out patients."""
    held_out: set[str] = set()
    for image, split in zip(wall_images, wall_splits, strict=True):
        table = IMAGES.read(image).merge(SPLITS.read(split), on="image_id")
        held_out |= set(table[table["split"] != "train"]["patient_id"])
    parts = []
    tables = zip(recipe.datasets, images, stores, splits, strict=True)
    for name, image, store, split in tables:
        table = IMAGES.read(image).merge(SPLITS.read(split), on="image_id")
        table = table.merge(STORE.read(store)[["image_id", "row"]], on="image_id")
        table = table[table["split"] == "train"]
        kept = table[~table["patient_id"].isin(held_out)]
        out = len(table) - len(kept)
        log.info(
            "%s: %d images; %d of held-out patients left out", name, len(kept), out
        )
        parts.append(kept[["image_id", "row"]].assign(dataset=name))
    joined = pd.concat(parts, ignore_index=True)
    if joined.empty:
        raise InputError(f"no training image is left in {', '.join(recipe.datasets)}")
    POOL.write(joined, pool)


if __name__ == "__main__":
    entry.run(main)

"""List the images that an encoder is pretrained on: no test patient among them."""

import logging
from dataclasses import dataclass

import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Inputs, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.prepare import POOL
from workflow_scripts.core.tables.prepare_pixels import STORE
from workflow_scripts.prepare.meetings import known
from workflow_scripts.prepare.twins import (
    IMAGE,
    OTHER,
    both_ways,
    read_fingerprints,
    same_pictures,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Which datasets (config.yaml: ``encoders``), and whose patients are kept out."""

    datasets: list[str]  # as the files are
    walls: list[str]  # tested datasets of the same hospitals, as the files are
    transductive: bool  # keep validation and test images and patients


def main(
    *,
    images: Inputs,
    rows: Inputs,
    splits: Inputs,
    fingerprints: Inputs,
    wall_images: Inputs,
    wall_splits: Inputs,
    wall_fingerprints: Inputs,
    recipe: Recipe,
    pool: Output,
) -> None:
    """Keep the training images of all datasets but those that meet a held-out one.

    They meet if they are of the same patient, or show the same picture.
    """
    pooled = known(recipe.datasets, images, splits)
    if recipe.transductive:
        log.info("transductive: all images are kept, held-out ones as well")
    else:
        walled = known(recipe.walls, wall_images, wall_splits)
        names = [*recipe.datasets, *recipe.walls]
        prints = read_fingerprints(names, [*fingerprints, *wall_fingerprints])
        pooled = _apart(pooled, walled, prints.drop_duplicates(IMAGE))
    if pooled.empty:
        raise InputError(
            f"encoders: no image of {', '.join(recipe.datasets)} is left to pretrain "
            "on: all are held out, or meet a held-out image by patient or picture; add "
            "a dataset that no task tests"
        )
    tables = zip(recipe.datasets, rows, strict=True)
    places = pd.concat([STORE.read(path).assign(dataset=name) for name, path in tables])
    placed = pooled.merge(places, on=IMAGE, validate="one_to_one")
    POOL.write(placed[list(POOL.columns)], pool)


def _apart(
    pooled: pd.DataFrame, walled: pd.DataFrame, prints: pd.DataFrame
) -> pd.DataFrame:
    """Return the training images of `pooled` that meet no held-out one of `walled`."""
    images = pooled[pooled["split"] == "train"]
    held_out = walled[walled["split"] != "train"]
    patient = images["patient_id"].isin(held_out["patient_id"].dropna())
    held = pd.MultiIndex.from_frame(held_out[IMAGE])
    twins = both_ways(same_pictures(prints))
    twins = twins[pd.MultiIndex.from_frame(twins[OTHER]).isin(held)]
    copied = pd.MultiIndex.from_frame(twins[IMAGE])
    picture = pd.MultiIndex.from_frame(images[IMAGE]).isin(copied) & ~patient
    for name, part in images.groupby("dataset", sort=False):
        out = int(patient[part.index].sum()), int(picture[part.index].sum())
        log.info(
            "%s: %d training images kept; %d of held-out patients and %d copies of "
            "held-out pictures left out",
            *(name, len(part) - sum(out), *out),
        )
    return images[~patient & ~picture]


if __name__ == "__main__":
    entry.run(main)

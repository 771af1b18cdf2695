"""List the images that an encoder is pretrained on: no test patient among them."""

import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Inputs, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.ingest import IMAGES
from workflow_scripts.core.tables.prepare import POOL
from workflow_scripts.core.tables.prepare_pixels import STORE
from workflow_scripts.prepare.chance import chance
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
    patients: str | int  # of the pool: a share "10%", or a count
    seed: int
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

    They meet if they are of the same patient, or show the same picture. Of those who
    are left, as many patients are drawn as the recipe asks for.
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
    tables = zip(recipe.datasets, images, rows, strict=True)
    places = pd.concat([_places(*one) for one in tables])
    placed = drawn(pooled, recipe).merge(places, on=IMAGE, validate="one_to_one")
    POOL.write(placed[list(POOL.columns)], pool)


def drawn(pooled: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    """Return the images of the patients who are drawn from all of the pool.

    The order in which patients are drawn follows from a hash of each: a smaller draw
    lies within a larger one, and patients who are added change no two others' order.

    Args:
        pooled: dataset, image_id and patient_id; whoever is not known is a patient with
            one image.
        recipe: how many patients, and the seed.

    Raises:
        InputError: if more patients are asked for than there are.
    """
    nobody = pooled["dataset"] + "\0" + pooled["image_id"]
    unit = pooled["patient_id"].fillna(nobody)
    patients = unit.unique().tolist()
    n_asked = _size(recipe.patients, len(patients))
    if n_asked == len(patients):
        return pooled
    patients.sort(key=lambda one: chance("pool", recipe.seed, one))
    kept = pooled[unit.isin(patients[:n_asked])]
    log.info(
        "drawn: %d of %d patients, with %d of %d images",
        *(n_asked, len(patients), len(kept), len(pooled)),
    )
    return kept


def _size(asked: str | int, n_patients: int) -> int:
    """Return how many patients are `asked` for: "10%" of them, or a count."""
    if isinstance(asked, str):
        return max(1, round(n_patients * float(asked.rstrip("%")) / 100))
    if asked > n_patients:
        raise InputError(
            f"encoders: patients: {asked} asked for, the pool has {n_patients}; ask "
            'for fewer, or for "100%"'
        )
    return asked


def _places(dataset: str, images: Path, rows: Path) -> pd.DataFrame:
    """Return where each image of a dataset lies, of which study and view it is."""
    seen = IMAGES.read(images)[["image_id", "study_id", "view_position"]]
    stored = STORE.read(rows)[["image_id", "shard", "row"]]
    both = seen.merge(stored, on="image_id", validate="one_to_one")
    return both.assign(dataset=dataset)


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

"""Look for one person or picture on both sides of a wall."""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Inputs, Output
from workflow_scripts.core.store import Store
from workflow_scripts.core.tables.ingest import IMAGES
from workflow_scripts.core.tables.prepare import LEAKAGE, POOL, SPLITS, STORE

OTHER = ["other_dataset", "other_image_id", "other_split"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The names that go with the files, in their order."""

    datasets: list[str]
    encoders: list[str]
    tasks: list[list[str]]  # of each task: the dataset trained on, then external ones
    size_px: int


def main(
    *,
    images: Inputs,
    stores: Inputs,
    rows: Inputs,
    splits: Inputs,
    pools: Inputs,
    recipe: Recipe,
    leakage: Output,
) -> None:
    """Compare everyone with everyone held out; write the pairs that meet."""
    tables = zip(recipe.datasets, images, stores, rows, splits, strict=True)
    everyone = pd.concat(
        [
            _known(name, image, Store(store, recipe.size_px), row, split)
            for name, image, store, row, split in tables
        ],
        ignore_index=True,
    )
    held_out = everyone[everyone["split"] != "train"]
    found = [_across_splits(everyone, held_out, recipe.tasks)]
    for name, pool in zip(recipe.encoders, pools, strict=True):
        found.append(_across_pool(name, POOL.read(pool), everyone, held_out))
    pairs = pd.concat(found, ignore_index=True)
    open_pairs = int((~pairs["excluded"].astype(bool)).sum())
    log.info("%d pairs meet; %d of them are not kept apart", len(pairs), open_pairs)
    LEAKAGE.write(pairs, leakage)


def _known(
    name: str, images: Path, store: Store, rows: Path, splits: Path
) -> pd.DataFrame:
    table = IMAGES.read(images)[["image_id", "patient_id"]]
    table = table.merge(STORE.read(rows)[["image_id", "row"]], on="image_id")
    table = table.merge(SPLITS.read(splits), on="image_id")
    pixels = [hashlib.sha256(store.pixels[row]).hexdigest() for row in table["row"]]
    return table.assign(dataset=name, pixels=pixels)


def _across_splits(
    everyone: pd.DataFrame, held_out: pd.DataFrame, tasks: list[list[str]]
) -> pd.DataFrame:
    """Pair what a task learns or chooses from with what it is tested on.

    Within the dataset that it is trained on, and from there to its external ones.
    """
    pairs = meetings(everyone, held_out)
    walls = {(task[0], dataset) for task in tasks for dataset in task}
    met = zip(pairs["dataset"], pairs["other_dataset"], strict=True)
    walled = pd.Series([wall in walls for wall in met], index=pairs.index, dtype=bool)
    # of two held-out parts each pair is found twice; validation against test is kept
    apart = (pairs["split"] != pairs["other_split"]) & (pairs["split"] != "test")
    return pairs[walled & apart].assign(wall="split", encoder="", excluded=False)


def _across_pool(
    encoder: str, pool: pd.DataFrame, everyone: pd.DataFrame, held_out: pd.DataFrame
) -> pd.DataFrame:
    """Pair the training images of the pool's datasets with what they must not meet."""
    key = ["dataset", "image_id"]
    known = everyone[everyone["dataset"].isin(pool["dataset"].unique())]
    known = known[known["split"] == "train"].merge(
        pool[key].assign(pooled=True), on=key, how="left"
    )
    pairs = meetings(known, held_out)
    out = pairs["pooled"].isna()
    return pairs.drop(columns="pooled").assign(
        wall="pool", encoder=encoder, excluded=out
    )


def meetings(these: pd.DataFrame, those: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each pair that shares the patient, or else the pixels.

    Found by joining on the shared value, never by comparing all with all. A pair that
    shares both is told as the same patient.

    Args:
        these: columns dataset, image_id, split, patient_id, pixels and others.
        those: the same; their own columns come back with `other_` before the name.
    """
    others = those.rename(columns={name[6:]: name for name in OTHER})
    found = []
    for kind, column in (("patient", "patient_id"), ("pixels", "pixels")):
        right = others[[*OTHER, column]]
        pairs = these.merge(right, on=column)
        itself = (pairs["dataset"] == pairs["other_dataset"]) & (
            pairs["image_id"] == pairs["other_image_id"]
        )
        found.append(pairs[~itself].assign(kind=kind))
    joined = pd.concat(found, ignore_index=True)
    joined = joined.drop_duplicates(["dataset", "image_id", *OTHER[:2]])
    return joined.drop(columns=["patient_id", "pixels", "row"])


if __name__ == "__main__":
    entry.run(main)

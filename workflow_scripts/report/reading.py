"""Read all that the page is made of, once."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from workflow_scripts.core.store import by_dataset
from workflow_scripts.core.tables import Table
from workflow_scripts.core.tables.evaluate import (
    COMPARISONS,
    EFFICIENCY,
    METRICS,
    SHORTCUTS,
)
from workflow_scripts.core.tables.ingest import COUNTS, IMAGES, LEDGER
from workflow_scripts.core.tables.prepare import LEAKAGE, POOL, SPLITS, TARGETS
from workflow_scripts.core.tables.prepare_pixels import DICE, INTENSITY, STORE
from workflow_scripts.core.tables.pretrain import TRAINING
from workflow_scripts.report.material import Dataset, Encoder, Task

Paths = dict[str, list[Path]]  # by flag


def read_tasks(config: dict[str, Any], names: list[str], paths: Paths) -> list[Task]:
    """Read the tables of all tasks; `targets` has two files for each."""
    tasks = []
    for number, name in enumerate(names):
        asked = config["tasks"][name]
        words = in_words(asked)
        targets = paths["targets"][2 * number : 2 * number + 2]

        def read(table: Table, path: Path, to: dict[str, str] = words) -> pd.DataFrame:
            return table.read(path).replace({"finding": to})

        tasks.append(
            Task(
                name=name,
                kind=asked["kind"],
                data=asked["data"],
                external=list(asked["external"]),
                findings=list(words.values()),
                metrics=read(METRICS, paths["metrics"][number]),
                comparisons=read(COMPARISONS, paths["comparisons"][number]),
                efficiency=read(EFFICIENCY, paths["efficiency"][number]),
                shortcuts=read(SHORTCUTS, paths["shortcuts"][number]),
                targets=pd.concat([read(TARGETS, path) for path in targets]),
            )
        )
    return tasks


def in_words(asked: dict[str, Any]) -> dict[str, str]:
    """Return how a reader is told of each finding that a task asks for.

    Of an ordinal task these are its levels but the first: "at least mild".
    """
    if asked["kind"] != "ordinal":
        return {name: name for name in asked["findings"]}
    return {name: f"at least {name}" for name in asked["findings"][1:]}


def read_datasets(names: list[str], phantoms: list[str], paths: Paths) -> list[Dataset]:
    """Read the tables of all datasets."""
    datasets = []
    stores = by_dataset(paths["stores"])
    for number, name in enumerate(names):

        def read(table: Table, flag: str, at: int = number) -> pd.DataFrame:
            return table.read(paths[flag][at])

        splits = read(SPLITS, "splits")
        datasets.append(
            Dataset(
                name=name,
                phantom=name in phantoms,
                ledger=read(LEDGER, "ledgers"),
                counts=read(COUNTS, "counts"),
                images=read(IMAGES, "images").merge(splits, on="image_id", how="left"),
                pixels=stores.get(name, []),
                rows=read(STORE, "rows"),
                intensity=read(INTENSITY, "intensities"),
            )
        )
    return datasets


def read_encoders(
    config: dict[str, Any], names: list[str], paths: Paths
) -> list[Encoder]:
    """Read cards and training tables of all encoders, pools of those trained here."""
    parents = {name: config["encoders"][name].get("from") for name in names}
    trained = [name for name in names if parents[name]]
    pools = dict(zip(trained, paths["pools"], strict=True))
    encoders = []
    for number, name in enumerate(names):
        lineage = [name]
        while parents.get(lineage[0]):
            lineage.insert(0, str(parents[lineage[0]]))
        encoders.append(
            Encoder(
                name=name,
                card=json.loads(paths["cards"][number].read_text(encoding="utf-8")),
                training=TRAINING.read(paths["training"][number]),
                pool=_pool(pools.get(name)),
                lineage=lineage,
            )
        )
    return encoders


def _pool(path: Path | None) -> pd.DataFrame:
    pool = POOL.read(path) if path else POOL.empty()
    return pool[["dataset", "image_id", "patient_id"]]


def read_leakage(paths: Paths) -> pd.DataFrame:
    """Read the pairs that leak, or would have."""
    (path,) = paths["leakage"]
    return LEAKAGE.read(path)


def read_dice(paths: Paths) -> pd.DataFrame:
    """Read how well lungs were found, of which there may be no table."""
    return pd.concat([DICE.empty(), *(DICE.read(path) for path in paths["dice"])])

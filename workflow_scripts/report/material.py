"""All that the page is made of, read once."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from workflow_scripts.core.tables import Table
from workflow_scripts.core.tables.evaluate import COMPARISONS, EFFICIENCY, METRICS
from workflow_scripts.core.tables.ingest import COUNTS, IMAGES, LEDGER
from workflow_scripts.core.tables.prepare import LEAKAGE, SPLITS, STORE, TARGETS
from workflow_scripts.core.tables.pretrain import TRAINING

METRIC = "auroc"
MACRO = "macro"


@dataclass(frozen=True, kw_only=True)
class Task:
    """A downstream task and its results."""

    name: str
    data: str  # the dataset it is trained on
    external: list[str]
    findings: list[str]
    metrics: pd.DataFrame
    comparisons: pd.DataFrame
    efficiency: pd.DataFrame
    targets: pd.DataFrame

    @property
    def datasets(self) -> list[str]:
        """The datasets it is tested on, its own first."""
        return [self.data, *self.external]

    def link(self, table: str) -> str:
        """Return where the CSV copy of one of its tables is."""
        return f"tables/{self.name}/{table}.csv"

    def results(self, **where: str) -> pd.DataFrame:
        """Return AUROC over all draws together, in the rows given by `where`."""
        chosen = {"metric": METRIC, "draw": "all"} | where
        return rows_where(self.metrics, **chosen)


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A dataset as it was found and prepared."""

    name: str
    phantom: bool
    ledger: pd.DataFrame
    counts: pd.DataFrame
    images: pd.DataFrame  # with the split of each
    pixels: Path
    rows: pd.DataFrame

    @property
    def without_patient(self) -> int:
        """How many images count as a patient of their own, as nobody tells whose."""
        return int((self.images["patient_id"] == self.images["image_id"]).sum())


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """An encoder and how it came about."""

    name: str
    card: dict[str, Any]
    training: pd.DataFrame
    lineage: list[str]  # names, oldest first, its own last


@dataclass(frozen=True, kw_only=True)
class Material:
    """All of it."""

    title: str
    config: dict[str, Any]
    size_px: int
    tasks: list[Task]
    datasets: list[Dataset]
    encoders: list[Encoder]
    leakage: pd.DataFrame

    @property
    def baseline(self) -> str:
        """The encoder that the others are compared with."""
        return str(self.config["evaluate"]["baseline"])

    @property
    def arms(self) -> list[str]:
        """The encoders that were compared, the baseline first."""
        names = [str(name) for name in self.config["sweep"]["encoders"]]
        return sorted(names, key=lambda name: name != self.baseline)

    @property
    def protocols(self) -> list[str]:
        """How classifiers were trained; the first one leads."""
        return [str(name) for name in self.config["sweep"]["protocols"]]

    @property
    def phantoms(self) -> list[str]:
        """The datasets that are phantoms."""
        return [dataset.name for dataset in self.datasets if dataset.phantom]


def rows_where(table: pd.DataFrame, **where: str) -> pd.DataFrame:
    """Return the rows of `table` in which all of `where` holds."""
    for name, value in where.items():
        table = table[table[name] == value]
    return table


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of `table` as dictionaries."""
    columns = [str(name) for name in table.columns]
    return [
        dict(zip(columns, row, strict=True)) for row in table.itertuples(index=False)
    ]


def read_tasks(
    config: dict[str, Any], names: list[str], paths: dict[str, list[Path]]
) -> list[Task]:
    """Read the tables of all tasks; `targets` has two files for each."""
    tasks = []
    for number, name in enumerate(names):
        asked = config["tasks"][name]
        targets = paths["targets"][2 * number : 2 * number + 2]
        tasks.append(
            Task(
                name=name,
                data=asked["data"],
                external=list(asked["external"]),
                findings=list(asked["findings"]),
                metrics=METRICS.read(paths["metrics"][number]),
                comparisons=COMPARISONS.read(paths["comparisons"][number]),
                efficiency=EFFICIENCY.read(paths["efficiency"][number]),
                targets=pd.concat([TARGETS.read(path) for path in targets]),
            )
        )
    return tasks


def read_datasets(
    names: list[str],
    phantoms: list[str],
    paths: dict[str, list[Path]],
) -> list[Dataset]:
    """Read the tables of all datasets."""
    datasets = []
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
                pixels=paths["stores"][number],
                rows=read(STORE, "rows"),
            )
        )
    return datasets


def read_encoders(
    config: dict[str, Any], names: list[str], paths: dict[str, list[Path]]
) -> list[Encoder]:
    """Read the cards and training tables of all encoders."""
    parents = {name: config["encoders"][name].get("from") for name in names}
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
                lineage=lineage,
            )
        )
    return encoders


def read_leakage(path: Path) -> pd.DataFrame:
    """Read the pairs that leak, or would have."""
    return LEAKAGE.read(path)

"""All that the page is made of."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

MACRO = "macro"
MEASURES = {"auroc": "AUROC", "dice": "Dice"}


@dataclass(frozen=True, kw_only=True)
class Task:
    """A downstream task and its results."""

    name: str
    kind: str
    data: str  # the dataset it is trained on
    external: list[str]
    findings: list[str]
    metrics: pd.DataFrame
    comparisons: pd.DataFrame
    efficiency: pd.DataFrame
    shortcuts: pd.DataFrame
    targets: pd.DataFrame

    @property
    def datasets(self) -> list[str]:
        """The datasets it is tested on, its own first."""
        return [self.data, *self.external]

    @property
    def metric(self) -> str:
        """What its classifiers are measured by first."""
        return "dice" if self.kind == "segmentation" else "auroc"

    @property
    def measure(self) -> str:
        """How that is called on the page."""
        return MEASURES[self.metric]

    @property
    def protocols(self) -> list[str]:
        """How its classifiers were trained; the first one leads."""
        return [str(name) for name in self.metrics["protocol"].unique()]

    def link(self, table: str) -> str:
        """Return where the CSV copy of one of its tables is."""
        return f"tables/{self.name}/{table}.csv"

    def results(self, **where: str) -> pd.DataFrame:
        """Return its metric over all draws together, in the rows given by `where`."""
        chosen = {"metric": self.metric, "draw": "all"} | where
        return rows_where(self.metrics, **chosen)


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A dataset as it was found and prepared."""

    name: str
    phantom: bool
    ledger: pd.DataFrame
    counts: pd.DataFrame
    images: pd.DataFrame  # with the split of each
    pixels: list[Path]  # files of its store
    rows: pd.DataFrame
    intensity: pd.DataFrame

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
    pool: pd.DataFrame  # dataset, image_id and patient_id; no rows if not trained here
    lineage: list[str]  # names, oldest first, its own last

    @property
    def labels_seen(self) -> list[dict[str, Any]]:
        """What it had learnt from labels, stage by stage, those before it included."""
        return list(self.card["notes"].get("labels_seen", []))


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
    finder: str  # of lungs
    dice: pd.DataFrame  # no rows where nothing was compared

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
    def taught(self) -> list[str]:
        """The encoders that had learnt labels, before any budget was counted."""
        return [encoder.name for encoder in self.encoders if encoder.labels_seen]

    @property
    def counted(self) -> list[str]:
        """The arms whose budgets are all they cost, and the baseline in any case."""
        taught = set(self.taught) - {self.baseline}
        return [name for name in self.arms if name not in taught]

    def of_counted(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of a task's `table` that are of an encoder that counts."""
        return table[table["encoder"].isin(self.counted)]

    def chain(self, encoder: Encoder) -> list[Encoder]:
        """Return `encoder` and those it goes on from, oldest first."""
        known = {one.name: one for one in self.encoders}
        return [known[name] for name in encoder.lineage]

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

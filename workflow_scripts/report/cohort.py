"""Who and what was looked at: patients, images, findings, files, leaks."""

from typing import Any

import pandas as pd

from workflow_scripts.report import leaks
from workflow_scripts.report.blocks import Block, Fold, Grid, Section
from workflow_scripts.report.material import Dataset, Material
from workflow_scripts.report.words import MISSING, count, percent

PARTS = ("train", "validation", "test")


def section(material: Material) -> Section:
    """Return the section on the cohort."""
    prevalences = prevalence(material)
    blocks: list[Block] = [
        Grid(
            caption="Patients / images in each part; a patient is in one part only",
            head=["dataset", "kind", "all", *PARTS],
            rows=[_sizes(dataset) for dataset in material.datasets],
            n_text=2,
            link="tables/cohort.csv",
        ),
        Grid(
            caption="Who they are",
            head=[
                "dataset",
                "view positions",
                "sex",
                "age in years, median [quarters]",
            ],
            rows=[
                _people(dataset.name, dataset.images) for dataset in material.datasets
            ],
            n_text=3,
            link="tables/cohort.csv",
        ),
        Grid(
            caption="Findings",
            head=list(prevalences.columns),
            rows=[[str(cell) for cell in row] for row in prevalences.to_numpy()],
            n_text=4,
            link="tables/prevalence.csv",
        ),
        *_files(material),
        *leaks.blocks(material.leakage),
    ]
    return Section(anchor="cohort", heading="Who was looked at", blocks=blocks)


def _sizes(dataset: Dataset) -> list[str]:
    images = dataset.images
    parts = [images, *(images[images["split"] == part] for part in PARTS)]
    cells = [f"{count(p['patient_id'].nunique())} / {count(len(p))}" for p in parts]
    return [dataset.name, "phantoms" if dataset.phantom else "images", *cells]


def _people(name: str, images: pd.DataFrame) -> list[str]:
    ages = images["age_years"].dropna()
    low, middle, high = ages.quantile([0.25, 0.5, 0.75]) if len(ages) else (0, 0, 0)
    age = f"{middle:.0f} [{low:.0f}, {high:.0f}]" if len(ages) else MISSING
    return [name, _shares(images["view_position"]), _shares(images["sex"]), age]


def _shares(values: "pd.Series[Any]") -> str:
    counts = values.fillna("not stated").value_counts()
    return ", ".join(f"{name} {percent(n, len(values))}" for name, n in counts.items())


def prevalence(material: Material) -> pd.DataFrame:
    """Return how often each finding is there, by task, dataset and part."""
    rows = []
    for task in material.tasks:
        for dataset in task.datasets:
            mine = task.targets[task.targets["dataset"] == dataset]
            for finding in task.findings:
                for part in PARTS:
                    here = mine[(mine["finding"] == finding) & (mine["split"] == part)]
                    if len(here):
                        names = task.name, dataset, finding, part
                        rows.append([*names, *_prevalence(here)])
    head = ["task", "dataset", "finding", "part", "images with it", "without"]
    return pd.DataFrame(rows, columns=[*head, "unknown", "share of known"])


def _prevalence(here: pd.DataFrame) -> list[str]:
    target = here["target"]
    positive, known = int((target == 1).sum()), int(target.isin((0, 1)).sum())
    unknown = len(target) - known
    counts = [count(n) for n in (positive, known - positive, unknown)]
    return [*counts, percent(positive, known)]


def ledger(material: Material) -> pd.DataFrame:
    """Return how many files of each dataset came to what end, and why."""
    parts = [
        dataset.ledger.groupby(["status", "reason"])
        .size()
        .rename("files")
        .reset_index()
        .assign(dataset=dataset.name)
        for dataset in material.datasets
    ]
    return pd.concat(parts)[["dataset", "status", "reason", "files"]]


def _files(material: Material) -> list[Block]:
    reasons = ledger(material)
    rows = []
    for dataset in material.datasets:
        status = dataset.ledger["status"].value_counts()
        ends = [status.get(name, 0) for name in ("accepted", "excluded", "quarantined")]
        rows.append([dataset.name, *(count(n) for n in (len(dataset.ledger), *ends))])
    link = "tables/ledger.csv"
    found = Grid(
        caption="Files: found = accepted + excluded + quarantined",
        head=["dataset", "found", "accepted", "excluded", "quarantined"],
        rows=rows,
        link=link,
    )
    why = Grid(
        caption="Files by reason",
        head=["dataset", "status", "reason", "files"],
        rows=[[*map(str, row[:3]), count(row[3])] for row in reasons.to_numpy()],
        n_text=3,
        link=link,
    )
    return [found, Fold(summary="Why files were left out", blocks=[why])]

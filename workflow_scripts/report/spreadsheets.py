"""The tables behind the page as CSV files, safe to open in a spreadsheet."""

from pathlib import Path

import pandas as pd

from workflow_scripts.report.cohort import ledger, prevalence
from workflow_scripts.report.leaks import pairs
from workflow_scripts.report.lungs import crops, intensity
from workflow_scripts.report.material import Material
from workflow_scripts.report.origins import origins

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(material: Material, made: pd.DataFrame, folder: Path) -> None:
    """Write all tables into `folder`, which is made."""
    for task in material.tasks:
        (folder / task.name).mkdir(parents=True)
        for name in ("metrics", "comparisons", "efficiency", "shortcuts"):
            _write(getattr(task, name), folder / task.name / f"{name}.csv")
    _write(cohort(material), folder / "cohort.csv")
    _write(prevalence(material), folder / "prevalence.csv")
    _write(ledger(material), folder / "ledger.csv")
    _write(pairs(material.leakage), folder / "leakage.csv")
    _write(crops(material), folder / "crops.csv")
    _write(material.dice, folder / "dice.csv")
    _write(intensity(material), folder / "intensity.csv")
    _write(origins(material), folder / "encoders.csv")
    training = [e.training.assign(encoder=e.name) for e in material.encoders]
    _write(pd.concat(training, ignore_index=True), folder / "training.csv")
    _write(made, folder / "made.csv")


def cohort(material: Material) -> pd.DataFrame:
    """Return patients and images by dataset, part, view position and sex."""
    keys = ["dataset", "split", "view_position", "sex"]
    parts = [
        d.images.assign(dataset=d.name)[[*keys, "image_id", "patient_id", "age_years"]]
        for d in material.datasets
    ]
    groups = pd.concat(parts, ignore_index=True).groupby(keys, dropna=False)
    return groups.agg(
        patients=("patient_id", "nunique"),
        images=("image_id", "size"),
        median_age_years=("age_years", "median"),
    ).reset_index()


def _write(table: pd.DataFrame, path: Path) -> None:
    defused(table).to_csv(path, index=False)


def defused(table: pd.DataFrame) -> pd.DataFrame:
    """Return `table` with an apostrophe before text that a spreadsheet would run.

    See OWASP, "CSV Injection": a cell that begins with = + - @ tab or return.
    """
    table = table.rename(columns=lambda name: _defused(str(name)))
    words = table.select_dtypes(exclude=["number", "bool"]).columns
    return table.assign(**{name: table[name].map(_defused) for name in words})


def _defused(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell

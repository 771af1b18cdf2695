"""Look at the head of a user's label table before any work starts."""

import csv
import re
from pathlib import Path

from workflow_scripts.plan.settings import Settings, simulated


def misfits(place: str, root: Path, labels: Settings) -> list[str]:
    """List the mapped columns that a label table does not have."""
    table = root / labels["table"]
    if not table.is_file():
        return [f"{place}.table: no file {str(table)!r}"]
    with table.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        columns = next(csv.reader(file), [])
    found = []
    for key in ("image", "patient", "split", "view", "sex", "age"):
        if labels[key] is not None and labels[key] not in columns:
            found.append(
                f"{place}.{key}: {table.name} has no column {labels[key]!r}; "
                f"it has {_shown(columns)}"
            )
    for name, finding in labels["findings"].items():
        column = finding if isinstance(finding, str) else finding["column"]
        if column not in columns:
            found.append(
                f"{place}.findings.{name}: {table.name} has no column {column!r}; "
                f"it has {_shown(columns)}"
            )
    return found


def _shown(columns: list[str]) -> str:
    """Name the columns; but a first line that looks like data is not repeated."""
    if any(re.search(r"\d{3}|/|\.\w", column) for column in columns):
        return f"a first line of {len(columns)} cells that are no names of columns"
    return ", ".join(columns)


def n_patients(config: Settings, dataset: Settings | None) -> int | None:
    """Return how many patients `dataset` has at most; None where not known yet."""
    if dataset is None:
        return None
    if simulated(config, dataset):
        cohort = config["simulate"][Path(dataset["root"]).parts[2]]
        return int(cohort["patients"])
    labels = dataset["labels"]
    if not labels:
        return None
    with (Path(dataset["root"]) / labels["table"]).open(
        newline="", encoding="utf-8-sig", errors="replace"
    ) as file:
        rows = csv.DictReader(file)
        return len({row[labels["patient"] or labels["image"]] for row in rows})

"""Look at a user's label table before any work starts."""

import csv
import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from workflow_scripts.core.provenance import digest
from workflow_scripts.core.tables.ingest import LABEL_VALUES
from workflow_scripts.plan import adapters, archive
from workflow_scripts.plan.settings import Settings, simulated

FACTS = ("image", "patient", "split", "view", "sex", "age")


def misfits(place: str, root: Path, labels: Settings) -> list[str]:
    """List the mapped columns that a label table does not have, and odd values."""
    table = root / labels["table"]
    if not table.is_file():
        return [f"{place}.table: no file {str(table)!r}"]
    columns, *rows = _rows(table) or [[]]
    asked = {key: labels[key] for key in FACTS if labels[key] is not None}
    plain = {}
    for name, finding in labels["findings"].items():
        column = finding if isinstance(finding, str) else finding["column"]
        asked[f"findings.{name}"] = column
        if isinstance(finding, str):
            plain[name] = column
    shown = _shown(columns, asked.values())
    found = [
        f"{place}.{key}: {table.name} has no column {column!r}; it has {shown}"
        for key, column in asked.items()
        if column not in columns
    ]
    for name, column in plain.items() if not found else ():
        here = columns.index(column)
        cells = [row[here].strip() for row in rows if len(row) > here]
        if odd := sum(cell not in LABEL_VALUES for cell in cells):
            found.append(
                f"{place}.findings.{name}: {table.name}: column {column!r}: {odd} rows "
                "are none of 1, 0, -1, blank; for words give column, present and absent"
            )
    for name, finding in labels["findings"].items() if not found else ():
        if not isinstance(finding, str):
            here = columns.index(finding["column"])
            said = {_word(row[here]) for row in rows if len(row) > here}
            at = f"{place}.findings.{name}"
            found += _word_misfits(at, finding, said, table.name)
    return found


def _word(text: str) -> str:
    return text.strip().casefold()


def _word_misfits(
    place: str, finding: Settings, cells: set[str], table: str
) -> list[str]:
    """List words that are misspelt, as it seems, or mean both present and absent."""
    listed = {key: {*map(_word, finding[key])} for key in ("present", "absent")}
    both = sorted(listed["present"] & listed["absent"])
    found = [f"{place}: {word!r} cannot mean both present and absent" for word in both]
    known = listed["present"] | listed["absent"]
    if not cells - known - {""}:  # every row is named: a word without rows is no fault
        return found
    column = finding["column"]
    return found + [
        f"{place}.{key}: {table}: no row of column {column!r} says {word!r}, and some "
        "rows say what is in neither list; misspelt? If not, leave it out"
        for key, words in listed.items()
        for word in sorted(words - cells)
    ]


@cache
def _rows(table: Path) -> list[list[str]]:
    try:
        with table.open(newline="", encoding="utf-8-sig", errors="replace") as file:
            return [row for row in csv.reader(file) if row]
    except csv.Error:  # the step that reads it says what is wrong
        return []


def _shown(columns: list[str], asked: Iterable[str]) -> str:
    """Name the columns; but a first line that may be data is not repeated.

    A header has at least one of the columns asked for, if perhaps in another case, and
    no cell of it looks like a number, a path or a file.
    """
    known = {column.casefold() for column in columns}
    if any(re.search(r"\d{3}|/|\.\w", column) for column in columns):
        return f"{len(columns)} cells in its first line, and not all are names"
    if not known & {column.casefold() for column in asked}:
        return "no other column that is asked for; is its first line a header?"
    return ", ".join(columns)


def facts_of(labels: Settings | None) -> Settings | None:
    """Return `labels` without the findings: what decides who and what an image is."""
    return labels and labels | {"findings": {}}


def told(name: str, dataset: Settings) -> str:
    """Return a digest of what a dataset's tables say besides findings.

    Labels are edited often, and no image is another one for that: of a user's own
    table only the columns of facts count. Of a public set all tables count.
    """
    labels: Settings | None = dataset["labels"]
    if not labels:
        return state(dataset)
    columns, *rows = _rows(Path(dataset["root"]) / labels["table"]) or [[]]
    asked = [labels[key] for key in FACTS if labels[key] is not None]
    places = [columns.index(name) for name in asked if name in columns]
    seen = [[row[at] for at in places if at < len(row)] for row in rows]
    return archive.salted(name, json.dumps(seen))


def state(dataset: Settings) -> str:
    """Return a digest of the sizes and times of a dataset's tables."""
    return digest(*(archive.state(path) for path in adapters.tables(dataset)))


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
    columns, *rows = _rows(Path(dataset["root"]) / labels["table"])
    here = columns.index(labels["patient"] or labels["image"])
    return len({row[here] for row in rows if len(row) > here})

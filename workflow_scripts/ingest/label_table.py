"""Read a label table as text, and its cells into our vocabularies.

No error quotes a cell: a label table holds names.
"""

import csv
from pathlib import Path
from typing import Any

import pandas as pd

from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest import person

VALUES = {
    "": None,
    "1": 1.0,
    "0": 0.0,
    "-1": -1.0,
    "1.0": 1.0,
    "0.0": 0.0,
    "-1.0": -1.0,
}
SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validate", "validation", "dev"), "validation"),
    "test": "test",
    "": None,
}


def read_table(path: Path) -> pd.DataFrame:
    """Return a CSV file with every cell as trimmed text, blanks as "".

    Raises:
        InputError: if it cannot be read, is empty, repeats a column, or has a row of
            another length.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [[cell.strip() for cell in row] for row in csv.reader(file) if row]
    except (OSError, ValueError, csv.Error) as error:
        kind = type(error).__name__
        raise InputError(f"{path.name}: not a readable CSV table ({kind})") from None
    if len(rows) < 2:
        raise InputError(f"{path.name}: has no row below its header")
    names, *rows = rows
    if len(set(names)) < len(names):
        raise InputError(f"{path.name}: a column's name stands there twice")
    if ragged := sum(len(row) != len(names) for row in rows):
        raise InputError(
            f"{path.name}: {ragged} rows are longer or shorter than its header"
        )
    return pd.DataFrame(rows, columns=names, dtype=object)


def column(frame: pd.DataFrame, name: str, path: Path) -> "pd.Series[str]":
    """Return one column.

    Raises:
        InputError: if the table at `path` has none of this name.
    """
    if name not in frame.columns:
        raise InputError(f"{path.name}: has no column {name!r}")
    return frame[name]


def translated(
    cells: "pd.Series[str]", words: dict[str, Any], path: Path
) -> "pd.Series[Any]":
    """Return `words` of each cell, whatever its case.

    Raises:
        InputError: if a cell is none of them.
    """
    known = cells.str.lower()
    if odd := int((~known.isin(list(words))).sum()):
        allowed = ", ".join(word or "blank" for word in words)
        raise InputError(
            f"{path.name}: column {cells.name!r}: {odd} rows are none of {allowed}"
        )
    return known.map(words)


def values(cells: "pd.Series[str]", path: Path) -> "pd.Series[float]":
    """Return 1, 0, -1 (uncertain) or NaN (blank) for each cell.

    Raises:
        InputError: if a cell is anything else.
    """
    return translated(cells, dict(VALUES), path).astype("float64")


def worded(
    cells: "pd.Series[str]", present: list[str], absent: list[str]
) -> "pd.Series[float]":
    """Return 1 for the words that mean present, 0 for absent, NaN for all others."""
    words = {word.strip().casefold(): 0.0 for word in absent}
    words |= {word.strip().casefold(): 1.0 for word in present}
    return cells.str.casefold().map(words).astype("float64")


def splits(cells: "pd.Series[str]", path: Path) -> "pd.Series[Any]":
    """Return train, validation or test, or missing where blank, for each cell.

    Raises:
        InputError: if a cell is anything else.
    """
    return translated(cells, dict(SPLITS), path)


def ages(cells: "pd.Series[str]") -> "pd.Series[float]":
    """Return years, NaN unless sane."""
    return cells.map(person.years).astype("float64")

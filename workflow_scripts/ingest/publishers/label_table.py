"""Read a label table as text, and its cells into our vocabularies.

No error quotes a cell: a label table holds names.
"""

import csv
import gzip
import zlib
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.ingest import LABEL_VALUES
from workflow_scripts.ingest import person

SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validate", "validation", "dev"), "validation"),
    "test": "test",
    "": None,
}


def read_table(
    path: Path,
    *,
    names: list[str] | None = None,
    columns: list[str] | None = None,
    delimiter: str = ",",
    encoding: str = "utf-8-sig",
    ragged: bool = False,
) -> pd.DataFrame:
    """Return a table with every cell as trimmed text, blanks as "".

    Args:
        path: of the file; one that ends in `.gz` is inflated.
        names: of the columns, for a table without a header.
        columns: to keep of those that are there; without it all. What is left out
            takes no memory.
        delimiter: between cells.
        encoding: of the text.
        ragged: fill up short rows and cut long ones, as some publishers' tables ask
            for; otherwise such rows are refused.

    Raises:
        InputError: if it cannot be read, is empty, repeats a column, or has a row of
            another length.
    """
    rows, odd = [], 0
    try:
        with _opened(path, encoding) as file:
            lines = (line for line in csv.reader(file, delimiter=delimiter) if line)
            names = names or [cell.strip() for cell in next(lines, [])]
            kept = [i for i, one in enumerate(names) if not columns or one in columns]
            for line in lines:
                cells = _filled(line, len(names)) if ragged else line
                odd += len(cells) != len(names)
                rows.append([cells[i].strip() for i in kept if i < len(cells)])
    except (OSError, ValueError, EOFError, zlib.error, csv.Error) as error:
        kind = type(error).__name__
        raise InputError(f"{path.name}: not a readable CSV table ({kind})") from None
    if not rows:
        raise InputError(f"{path.name}: has no row below its header")
    if len(set(names)) < len(names):
        raise InputError(f"{path.name}: a column's name stands there twice")
    if odd:
        raise InputError(
            f"{path.name}: {odd} rows are longer or shorter than its header"
        )
    return pd.DataFrame(rows, columns=[names[i] for i in kept], dtype=object)


def _filled(line: list[str], width: int) -> list[str]:
    return (line + [""] * (width - len(line)))[:width]


def _opened(path: Path, encoding: str) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


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
    return translated(cells, dict(LABEL_VALUES), path).astype("float64")


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

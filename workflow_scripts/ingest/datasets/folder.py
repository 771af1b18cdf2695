"""A user's own folder of DICOM, PNG and JPEG files, with one CSV table or none.

What the table's columns are called, and what its words mean, is told by the config's
`labels`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest import person
from workflow_scripts.ingest.datasets import FACTS, SAID, Facts, Source
from workflow_scripts.ingest.label_table import (
    ages,
    column,
    read_table,
    splits,
    values,
    worded,
)
from workflow_scripts.ingest.matching import by_any_name

TABLES: dict[str, tuple[str, ...]] = {}  # the config names it
WORDS: dict[str, str] = {}  # the config names them
EXPECTED: dict[str, int] = {}


def facts(source: Source) -> Facts:
    """Return what the table says of the files that its rows match.

    Raises:
        InputError: if a column is missing, a cell is odd, two rows describe one file
            differently, or no row matches any file.
    """
    frame = FACTS.empty()
    if source.labels and source.tables:
        frame = _whole(source, source.labels, source.tables[0])[list(FACTS.columns)]
    return Facts(frame=frame, patients="header")


def said(source: Source) -> pd.DataFrame:
    """Return the findings of the files that the table's rows match.

    Raises:
        InputError: as `facts` does.
    """
    if not source.labels or not source.tables:
        return SAID.empty()
    path = source.tables[0]
    whole = _whole(source, source.labels, path)
    names = list(source.labels["findings"])
    long = whole.melt("file_id", names, var_name="finding", value_name="value")
    return long.assign(source=path.name)


def _whole(source: Source, options: dict[str, Any], path: Path) -> pd.DataFrame:
    """Return the facts and findings of each matched file, one row each."""
    table = read_table(path)
    known = _facts(table, options, path)
    known["file_id"] = by_any_name(column(table, options["image"], path), source)
    whole = pd.concat([known, _findings(table, options, path)], axis="columns")
    whole = whole[known["file_id"].notna()]
    if whole.empty:
        raise InputError(f"{path.name}: no row matches any file below the root")
    whole = whole.drop_duplicates()
    if repeats := int(whole["file_id"].duplicated().sum()):
        raise InputError(f"{path.name}: {repeats} rows describe a file of another row")
    return whole


def _facts(table: pd.DataFrame, options: dict[str, Any], path: Path) -> pd.DataFrame:
    facts = pd.DataFrame(index=table.index, columns=list(FACTS.columns), dtype=object)
    readers: dict[str, tuple[str, Callable[[pd.Series[str]], Any]]] = {
        "patient": ("patient", lambda cells: cells.where(cells != "", None)),
        "split": ("official_split", lambda cells: splits(cells, path)),
        "view": ("view_position", lambda cells: cells.map(person.view_position)),
        "sex": ("sex", lambda cells: cells.map(person.sex)),
        "age": ("age_years", ages),
    }
    for option, (ours, reader) in readers.items():
        if name := options.get(option):
            facts[ours] = reader(column(table, name, path))
    return facts


def _findings(table: pd.DataFrame, options: dict[str, Any], path: Path) -> pd.DataFrame:
    found = {}
    for finding, how in options["findings"].items():
        if isinstance(how, str):
            found[finding] = values(column(table, how, path), path)
        else:
            cells = column(table, how["column"], path)
            found[finding] = worded(cells, how["present"], how["absent"])
    return pd.DataFrame(found, index=table.index)

"""A user's own folder of DICOM, PNG and JPEG files, with one CSV table or none.

What the table's columns are called, and what its words mean, is told by the config's
`labels`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from workflow_scripts.ingest import person
from workflow_scripts.ingest.datasets import FACTS, SAID, Facts, Source
from workflow_scripts.ingest.publishers import answers
from workflow_scripts.ingest.publishers.label_table import (
    ages,
    column,
    read_table,
    splits,
    values,
    worded,
)
from workflow_scripts.ingest.publishers.matching import by_any_name

TABLES: dict[str, tuple[str, ...]] = {}  # the config names it
WORDS: dict[str, str] = {}  # the config names them
EXPECTED: dict[str, int] = {}


def facts(source: Source) -> Facts:
    """Return what the table says of the files that its rows match.

    Raises:
        InputError: if a column is missing, a cell is odd, two rows describe one file
            differently, or no row matches any file.
    """
    if not source.labels or not source.tables:
        return Facts(frame=FACTS.empty(), patients="header")
    path, table = source.tables[0], read_table(source.tables[0])
    files = by_any_name(column(table, source.labels["image"], path), source)
    known = _known(table, source.labels, path)
    return Facts(frame=answers.facts(files, path.name, **known), patients="header")


def said(source: Source) -> pd.DataFrame:
    """Return the findings of the files that the table's rows match.

    Raises:
        InputError: as `facts` does.
    """
    if not source.labels or not source.tables:
        return SAID.empty()
    path, table = source.tables[0], read_table(source.tables[0])
    files = by_any_name(column(table, source.labels["image"], path), source)
    return answers.said(files, _findings(table, source.labels, path), path.name)


def _known(
    table: pd.DataFrame, options: dict[str, Any], path: Path
) -> "dict[str, pd.Series[Any]]":
    """Return the columns of FACTS that the config names."""
    readers: dict[str, tuple[str, Callable[[pd.Series[str]], Any]]] = {
        "patient": ("patient", lambda cells: cells.where(cells != "", None)),
        "split": ("official_split", lambda cells: splits(cells, path)),
        "view": ("view_position", lambda cells: cells.map(person.view_position)),
        "sex": ("sex", lambda cells: cells.map(person.sex)),
        "age": ("age_years", ages),
    }
    return {
        ours: reader(column(table, options[option], path))
        for option, (ours, reader) in readers.items()
        if options.get(option)
    }


def _findings(table: pd.DataFrame, options: dict[str, Any], path: Path) -> pd.DataFrame:
    found = {}
    for finding, how in options["findings"].items():
        if isinstance(how, str):
            found[finding] = values(column(table, how, path), path)
        else:
            cells = column(table, how["column"], path)
            found[finding] = worded(cells, how["present"], how["absent"])
    return pd.DataFrame(found, index=table.index)

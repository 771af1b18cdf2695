"""A user's own folder of DICOM, PNG and JPEG files, with one CSV table or none."""

import logging
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest import person
from workflow_scripts.ingest.datasets import FACTS, Described, Source, nothing
from workflow_scripts.ingest.label_table import (
    ages,
    column,
    read_table,
    splits,
    values,
    worded,
)
from workflow_scripts.ingest.naming import bare

log = logging.getLogger(__name__)


def describe(source: Source) -> Described:
    """Return what the table says of the files that its rows match.

    Raises:
        InputError: if a column is missing, a cell is odd, two rows describe one file
            differently, or no row matches any file.
    """
    if not source.tables or not source.labels:
        return nothing()
    path, options = source.tables[0], source.labels
    table = read_table(path)
    facts = _facts(table, options, path)
    said = _findings(table, options, path)
    facts["file_id"] = _match(column(table, options["image"], path), source)
    whole = pd.concat([facts, said], axis="columns")[facts["file_id"].notna()]
    if whole.empty:
        raise InputError(f"{path.name}: no row matches any file below the root")
    whole = whole.drop_duplicates()
    if repeats := int(whole["file_id"].duplicated().sum()):
        raise InputError(f"{path.name}: {repeats} rows describe a file of another row")
    long = whole.melt("file_id", list(said), var_name="finding", value_name="value")
    return Described(
        facts=whole[list(FACTS.columns)], said=long.assign(source=path.name)
    )


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
    said = {}
    for finding, how in options["findings"].items():
        if isinstance(how, str):
            said[finding] = values(column(table, how, path), path)
        else:
            cells = column(table, how["column"], path)
            said[finding] = worded(cells, how["present"], how["absent"])
    return pd.DataFrame(said, index=table.index)


def _match(cells: "pd.Series[str]", source: Source) -> "pd.Series[str]":
    """Return the file that each cell names, missing if none or several.

    A cell may be the path below the root, the path without suffix, the file's name,
    its stem, or the SOP Instance UID; the first of these that fits counts.
    """
    cells = cells.str.replace("\\", "/").str.removeprefix("./")
    matched = pd.Series(pd.NA, index=cells.index, dtype="string")
    ambiguous = pd.Series(data=False, index=cells.index)
    for names, asked in _keys(source, cells):
        files = pd.Series(source.files["file_id"].to_numpy(), index=names)
        repeated = files.index.duplicated(keep=False)
        found = asked.map(files[~repeated])
        ambiguous |= asked.isin(set(files.index[repeated]))
        matched = matched.fillna(found.astype("string"))
    lost = matched.isna()
    if several := int((lost & ambiguous).sum()):
        log.warning("label table: %d rows name several files", several)
    if none := int((lost & ~ambiguous).sum()):
        log.warning("label table: %d rows match no file", none)
    return matched


def _keys(
    source: Source, cells: "pd.Series[str]"
) -> list[tuple["pd.Index[str]", "pd.Series[str]"]]:
    """List what files may be called, with what the cells ask for in such words."""
    paths = [PurePosixPath(path) for path in source.files["path"]]
    hashed = source.files["image_id"].fillna("")
    names = [
        [str(path) for path in paths],
        [path.name for path in paths],
        [str(bare(path)) for path in paths],
        [bare(path).name for path in paths],
    ]
    keys = [(pd.Index(known, dtype="string"), cells) for known in names]
    uids = (pd.Index(hashed, dtype="string"), cells.map(source.hashed_uid))
    return [*keys[:2], uids, *keys[2:]]

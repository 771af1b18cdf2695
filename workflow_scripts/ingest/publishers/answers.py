"""Put what a publisher says into the tables that adapters return."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.datasets import FACTS, SAID, Source
from workflow_scripts.ingest.publishers.label_table import values
from workflow_scripts.ingest.publishers.matching import by_stem

log = logging.getLogger(__name__)

Match = Callable[["pd.Series[str]", Source], "pd.Series[str]"]


def needed(source: Source, patterns: tuple[str, ...]) -> Path:
    """Return the table that fits `patterns`.

    Raises:
        InputError: if there is none.
    """
    path = source.table(patterns)
    if path is None:
        raise InputError(f"datasets: no table {' or '.join(patterns)} below the root")
    return path


def named(source: Source, pattern: str, example: str) -> pd.DataFrame:
    """Return what the files' names tell: `file_id`, and the groups of `pattern`.

    Args:
        source: of the files.
        pattern: sought in each path; files without it are left out.
        example: of a name, for the error.

    Raises:
        InputError: if no path has it.
    """
    told = source.files["path"].str.extract(pattern)
    files = source.files[["file_id"]].join(told).dropna(subset=told.columns[:1])
    if files.empty:
        raise InputError(f"datasets: no file below the root is called like {example}")
    return files


def of_pictures(
    rows: pd.DataFrame, source: Source, match: Match = by_stem
) -> pd.DataFrame:
    """Return `rows` with the `file_id` of each `picture` whose file is there.

    Args:
        rows: of a table that may tell of one picture in several.
        source: of the files.
        match: the publisher's names of pictures -> file_id, missing if not there.

    Raises:
        InputError: if no picture's file is there.
    """
    once = rows["picture"].drop_duplicates()
    files = dict(zip(once, match(once, source), strict=True))
    rows = rows.assign(file_id=rows["picture"].map(files)).dropna(subset="file_id")
    if rows.empty:
        raise InputError("tables: no row matches any file below the root")
    return rows


def undisputed(rows: pd.DataFrame, table: str) -> pd.DataFrame:
    """Return the rows that match a file and agree with all others on it.

    Args:
        rows: with `file_id`, missing where none matches.
        table: named in errors and warnings.

    Raises:
        InputError: if no row matches any file.
    """
    rows = _matched(rows, table)
    twice = rows["file_id"].duplicated(keep=False)
    if several := int(twice.sum()):
        log.warning("%s: %d rows contradict another on one file", table, several)
    return rows[~twice]


def facts(
    file_id: "pd.Series[str]", table: str, **known: "pd.Series[Any] | str"
) -> pd.DataFrame:
    """Return a frame as FACTS of the rows that match a file.

    Args:
        file_id: of each row, missing where none matches.
        table: that tells so, named in errors.
        known: columns of FACTS; those left out stay unknown.

    Raises:
        InputError: if no row matches any file, or two tell different things of one.
    """
    frame = pd.DataFrame(index=file_id.index, columns=list(FACTS.columns), dtype=object)
    return _one_each(frame.assign(file_id=file_id, **known), table)


def said(
    file_id: "pd.Series[str]", found: pd.DataFrame, source: "pd.Series[str] | str"
) -> pd.DataFrame:
    """Return a frame as SAID of the rows that match a file.

    Args:
        file_id: of each row, missing where none matches.
        found: a column of 1, 0, -1 or NaN for each finding.
        source: who says so, in all rows or in each.

    Raises:
        InputError: as `facts` does.
    """
    table = source if isinstance(source, str) else "tables"
    whole = _one_each(found.assign(file_id=file_id, source=source), table)
    long = whole.melt(["file_id", "source"], var_name="finding")
    return long[list(SAID.columns)]


def in_columns(table: pd.DataFrame, words: dict[str, str], path: Path) -> pd.DataFrame:
    """Return 1, 0, -1 (uncertain) or NaN (blank) of each finding that has a column.

    Args:
        table: at `path`, as text.
        words: a column's name -> the finding's; matched by name, never by place.
        path: named in errors.

    Raises:
        InputError: if no column has such a name, or a cell is anything else.
    """
    there = {word: ours for word, ours in words.items() if word in table.columns}
    if not there:
        raise InputError(f"{path.name}: no column is a finding that is known here")
    return pd.DataFrame(
        {ours: values(table[word], path) for word, ours in there.items()},
        index=table.index,
    )


def denied(found: pd.DataFrame, *, but: list[str]) -> pd.DataFrame:
    """Return `found` with 0 for what is blank where `no_finding` is 1.

    Args:
        found: a column for each finding.
        but: findings that stay blank, as they may be there all the same.
    """
    healthy = found["no_finding"] == 1
    rest = found.columns.difference([*but, "no_finding"])
    blank = found[rest].isna()
    return found.assign(**found[rest].mask(blank.mul(healthy, axis="index"), 0.0))


def listed(words: "pd.Series[Any]", names: dict[str, str]) -> pd.DataFrame:
    """Return 1 for each finding that a row lists, 0 for every other.

    Args:
        words: the publisher's word, or a list of them, for each row.
        names: the publisher's word -> the finding's; words that are not in it are
            counted and left out.
    """
    findings = sorted(set(names.values()))
    each = words.reset_index(drop=True).explode().dropna()
    ours = each.map(names)
    if strange := int(ours.isna().sum()):
        kinds = each[ours.isna()].nunique()
        log.warning(
            "label table: %d words of %d kinds stand for no finding of ours and are "
            "left out",
            strange,
            kinds,
        )
    known = ours.dropna()
    found = np.zeros((len(words), len(findings)))
    found[known.index, pd.Index(findings).get_indexer(pd.Index(known))] = 1.0
    return pd.DataFrame(found, columns=findings, index=words.index)


def _one_each(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    frame = _matched(frame, table)
    if repeats := int(frame["file_id"].duplicated().sum()):
        raise InputError(f"{table}: {repeats} rows describe a file of another row")
    return frame


def _matched(rows: pd.DataFrame, table: str) -> pd.DataFrame:
    rows = rows.dropna(subset="file_id").drop_duplicates()
    if rows.empty:
        raise InputError(f"{table}: no row matches any file below the root")
    return rows

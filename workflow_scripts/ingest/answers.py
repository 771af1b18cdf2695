"""Put what a publisher's table says into the tables that adapters return."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.datasets import FACTS, Source
from workflow_scripts.ingest.label_table import values
from workflow_scripts.ingest.naming import SUFFIXES

log = logging.getLogger(__name__)


def needed(source: Source, patterns: tuple[str, ...]) -> Path:
    """Return the table that fits `patterns`.

    Raises:
        InputError: if there is none.
    """
    path = source.table(patterns)
    if path is None:
        raise InputError(f"datasets: no table {' or '.join(patterns)} below the root")
    return path


def facts(
    file_id: "pd.Series[str]", path: Path, **known: "pd.Series[Any]"
) -> pd.DataFrame:
    """Return a frame as FACTS of the rows that match a file.

    Args:
        file_id: of each row of the table at `path`, missing where none matches.
        path: of the table.
        known: columns of FACTS; those left out stay unknown.
    """
    frame = pd.DataFrame(index=file_id.index, columns=list(FACTS.columns), dtype=object)
    return _one_each(frame.assign(file_id=file_id, **known), path)


def said(
    file_id: "pd.Series[str]",
    found: pd.DataFrame,
    path: Path,
    source: "pd.Series[str] | None" = None,
) -> pd.DataFrame:
    """Return a frame as SAID of the rows that match a file.

    Args:
        file_id: of each row of the table at `path`, missing where none matches.
        found: a column of 1, 0, -1 or NaN for each finding.
        path: of the table.
        source: who says so in each row; without it the table's name.
    """
    who = path.name if source is None else source
    whole = _one_each(found.assign(file_id=file_id, source=who), path)
    long = whole.melt(["file_id", "source"], var_name="finding", value_name="value")
    return long[["file_id", "finding", "value", "source"]]


def stems(names: "pd.Series[str]") -> "pd.Series[str]":
    """Return each file's name without the folders and the suffix."""
    known = "|".join(suffix.removeprefix(".") for suffix in sorted(SUFFIXES))
    names = names.str.replace(r"^.*[/\\]", "", regex=True)
    return names.str.replace(rf"(?i)\.({known})$", "", regex=True)


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
        raise InputError(f"{path.name}: has no column of a finding that we know")
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
        words: a list of the publisher's words for each row.
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


def stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return what several tables tell, of which some may match no file.

    Raises:
        InputError: if none matches any.
    """
    whole = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    if whole.empty:
        raise InputError("tables: no row matches any file below the root")
    return whole


def _one_each(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Keep the rows that match a file, one for each file.

    Raises:
        InputError: if two rows tell different things of a file.
    """
    frame = frame[frame["file_id"].notna()].drop_duplicates()
    if repeats := int(frame["file_id"].duplicated().sum()):
        raise InputError(f"{path.name}: {repeats} rows describe a file of another row")
    return frame

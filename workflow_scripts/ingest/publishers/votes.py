"""Make one opinion of what several readers see on a picture."""

import logging
from pathlib import Path

import pandas as pd

from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.publishers.label_table import column, values

POLICIES = ("majority", "any", "all")
NEGATION = "no_finding"  # voted on as its opposite: never present beside a finding

log = logging.getLogger(__name__)


def marks(
    table: pd.DataFrame, words: dict[str, str], ids: tuple[str, ...], path: Path
) -> pd.DataFrame:
    """Return what each reader marked: 1, 0, or NaN for each finding of ours.

    Args:
        table: of the publisher: a row for each picture and reader, a column for each
            finding.
        words: the publisher's name of a finding -> ours. Other columns are left out.
        ids: columns that are no findings; the first names the picture.
        path: of the table.

    Raises:
        InputError: if there is no column for the picture, or an odd cell.
    """
    known = {words[name]: name for name in table.columns if name in words}
    if strange := len(set(table.columns) - set(words) - set(ids)):
        log.warning("%s: %d columns are unknown words, left out", path.name, strange)
    pictures = column(table, ids[0], path).to_numpy()
    found = {ours: values(table[name], path).to_numpy() for ours, name in known.items()}
    return pd.DataFrame(found, index=pictures)


def boxes(
    drawn: "pd.Series[str]",
    pair: "list[pd.Series[str]]",
    words: dict[str, str],
    path: Path,
) -> pd.DataFrame:
    """Return what `marks` does, of a table with a row for each box that is drawn.

    Args:
        drawn: the publisher's word for what is in the box.
        pair: the picture and the reader of each box.
        words: the publisher's name of a finding -> ours. Other words are left out.
        path: of the table.
    """
    known = drawn.map(words)
    if strange := int(known.isna().sum()):
        log.warning("%s: %d rows hold unknown words, left out", path.name, strange)
    seen = pd.crosstab(pair, known).clip(upper=1).astype("float64")
    readers = pd.MultiIndex.from_frame(pd.concat(pair, axis="columns")).unique()
    return seen.reindex(readers).fillna(0.0).droplevel(1)


def polled(marks: pd.DataFrame, readers: str, table: str) -> pd.DataFrame:
    """Return one value for each picture and finding.

    Half of the readers are no majority. Who left a cell blank has no vote on it.

    Args:
        marks: 1, 0 or NaN for each finding (column); the index names the picture, once
            for each of its readers.
        readers: how many must see a finding: majority, any or all.
        table: that says so.

    Returns:
        Columns picture, finding, value and source; NaN where nobody voted.

    Raises:
        InputError: if there is no such policy.
    """
    if readers not in POLICIES:
        raise InputError(f"options: readers must be one of {', '.join(POLICIES)}")
    by_picture = marks.groupby(level=0)
    votes, voters = by_picture.sum(), by_picture.count()
    if NEGATION in marks:
        votes[NEGATION] = voters[NEGATION] - votes[NEGATION]
    needed = {"majority": voters // 2 + 1, "any": voters * 0 + 1, "all": voters}
    value = (votes >= needed[readers]).astype("float64").where(voters > 0)
    if NEGATION in marks:
        value[NEGATION] = 1 - value[NEGATION]
    long = value.rename_axis("picture").reset_index()
    long = long.melt("picture", var_name="finding", value_name="value")
    n_readers = long["picture"].map(by_picture.size())
    names = {
        n: f"{table}: {readers} of {n}" if n > 1 else table for n in set(n_readers)
    }
    return long.assign(source=n_readers.map(names))

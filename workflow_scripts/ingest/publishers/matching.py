"""Find the file that a cell of a publisher's table means."""

import logging
from collections.abc import Callable
from pathlib import PurePosixPath

import pandas as pd

from workflow_scripts.ingest.datasets import Source
from workflow_scripts.ingest.naming import bare

log = logging.getLogger(__name__)


def by_any_name(cells: "pd.Series[str]", source: Source) -> "pd.Series[str]":
    """Return the file_id that each cell names, missing if none or several.

    A cell may be the path below the root, the file's name, the SOP Instance UID, the
    path without suffix, or the name without suffix; the first that fits counts.
    """
    cells = cells.str.replace("\\", "/").str.removeprefix("./")
    paths = [PurePosixPath(path) for path in source.files["path"]]
    uids = source.files["image_id"].fillna("").tolist()
    asked = [
        ([str(path) for path in paths], cells),
        ([path.name for path in paths], cells),
        (uids, cells.map(source.hashed_uid)),
        ([str(bare(path)) for path in paths], cells),
        ([bare(path).name for path in paths], cells),
    ]
    return _matched(asked, source)


def by_stem(cells: "pd.Series[str]", source: Source) -> "pd.Series[str]":
    """Return the file_id whose name without suffix is the cell's, wherever it lies."""
    return by_key(cells.map(stem), source, stem)


def by_tail(cells: "pd.Series[str]", source: Source, parts: int) -> "pd.Series[str]":
    """Return the file_id whose path ends in the last `parts` names of the cell's.

    Public tables write paths from folders that users rename or leave out.
    """

    def tail(path: str) -> str:
        return "/".join(PurePosixPath(path).parts[-parts:])

    return by_key(cells.map(tail), source, tail)


def by_key(
    asked: "pd.Series[str]", source: Source, key: Callable[[str], str]
) -> "pd.Series[str]":
    """Return the file_id whose path has the key that is asked for.

    Args:
        asked: a key for each row; "" matches nothing.
        source: of the files.
        key: path below the root -> the key, "" if the file has none.
    """
    keys = [key(path) for path in source.files["path"]]
    return _matched([(keys, asked)], source)


def stem(path: str) -> str:
    """Return a file's name without the folders and a suffix that is known."""
    return bare(PurePosixPath(path)).name


def _matched(
    attempts: list[tuple[list[str], "pd.Series[str]"]], source: Source
) -> "pd.Series[str]":
    """Match by each attempt (keys of the files, asked) in turn, and count the rest."""
    index = attempts[0][1].index
    matched = pd.Series(pd.NA, index=index, dtype="string")
    ambiguous = pd.Series(data=False, index=index)
    for keys, asked in attempts:
        files = pd.Series(source.files["file_id"].to_numpy(), index=keys)
        files = files[files.index != ""]
        repeated = files.index.duplicated(keep=False)
        matched = matched.fillna(asked.map(files[~repeated]).astype("string"))
        ambiguous |= asked.isin(set(files.index[repeated]))
    lost = matched.isna()
    if several := int((lost & ambiguous).sum()):
        log.warning("label table: %d rows name several files", several)
    if none := int((lost & ~ambiguous).sum()):
        log.warning("label table: %d rows match no file", none)
    return matched

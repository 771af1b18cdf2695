"""Match the pictures that a publisher's table lists to the files that are there."""

import logging
from collections.abc import Callable

import pandas as pd

from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.datasets import FACTS, Source
from workflow_scripts.ingest.matching import by_stem

log = logging.getLogger(__name__)

Match = Callable[["pd.Series[str]", Source], "pd.Series[str]"]


def files_of(
    pictures: "pd.Series[str]", source: Source, match: Match = by_stem
) -> pd.DataFrame:
    """Return `picture` and `file_id`, once for each picture whose file is there.

    Args:
        pictures: the publisher's names, repeated at will.
        source: of the files.
        match: names -> file_id, missing where there is no such file.

    Raises:
        InputError: if there are pictures, and no file of any.
    """
    once = pictures.drop_duplicates().reset_index(drop=True)
    files = pd.DataFrame({"picture": once, "file_id": match(once, source)}).dropna()
    if files.empty and len(once):
        raise InputError("tables: no row matches any file below the root")
    return files


def as_facts(known: pd.DataFrame) -> pd.DataFrame:
    """Return `known` with just the columns of FACTS, missing where it has none."""
    return known.reindex(columns=list(FACTS.columns))

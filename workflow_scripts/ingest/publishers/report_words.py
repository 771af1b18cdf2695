"""What a report's labels tell, where they are written as a list of words.

PadChest's way: what a report finds is listed; a few words are about the report itself.
"""

import ast
import logging
from pathlib import Path
from typing import Any

import pandas as pd

from workflow_scripts.ingest.publishers import answers

NORMAL = "normal"
EXCLUDED = "exclude"  # the report tells nothing
OPEN = {"unchanged", "suboptimal study"}  # what is not listed may be there
ABOUT = {NORMAL, EXCLUDED, *OPEN}  # the report; all other words are about the chest

log = logging.getLogger(__name__)


def lists(cells: "pd.Series[str]", path: Path) -> "pd.Series[Any]":
    """Return the words of each cell, trimmed; none where it is no list of words.

    Args:
        cells: lists as Python writes them: `['normal', ' pneumonia']`.
        path: of the table, named in warnings.
    """
    known = {cell: _words(cell) for cell in cells.unique()}
    found = cells.map(known)
    if nothing := int((found.map(len) == 0).sum()):
        log.warning("%s: %d rows hold no label", path.name, nothing)
    return found


def findings(
    words: "pd.Series[Any]",
    names: dict[str, str],
    also: dict[str, str],
    blurred: dict[str, str],
) -> pd.DataFrame:
    """Return 1, 0 or NaN (left open) for each finding and report.

    Args:
        words: a list for each report.
        names: a word -> its finding; that of `normal` is no_finding.
        also: a word -> another finding that it means too.
        blurred: a word -> a finding that it neither means nor denies.
    """
    silenced = {EXCLUDED, *OPEN, *blurred}
    spoken = words.map(lambda row: [word for word in row if word not in silenced])
    found = answers.listed(spoken, names)
    meant = words.map(lambda row: [also[w] for w in row if w in also])
    more = answers.listed(meant, {name: name for name in found.columns})
    found = found.where(found >= more, more)
    silent = words.map(lambda row: not row or EXCLUDED in row)
    vague = words.map(lambda row: not OPEN.isdisjoint(row) and NORMAL not in row)
    for word, name in blurred.items():
        unsure = words.map(lambda row, word=word: word in row)
        found[name] = found[name].mask(unsure & (found[name] == 0))
    found = found.mask((found == 0).mul(vague, axis="index") | _wide(silent, found))
    return found.assign(no_finding=_healthy(words).mask(silent))


def _healthy(words: "pd.Series[Any]") -> "pd.Series[float]":
    """Return 1 where a report says normal, 0 where it finds something, else NaN."""
    normal = words.map(lambda row: NORMAL in row)
    abnormal = words.map(lambda row: not ABOUT.issuperset(row))
    healthy = pd.Series(float("nan"), index=words.index)
    return healthy.mask(normal & ~abnormal, 1.0).mask(abnormal & ~normal, 0.0)


def _wide(which: "pd.Series[bool]", found: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({name: which for name in found.columns}, index=found.index)


def _words(cell: str) -> list[str]:
    try:
        held = ast.literal_eval(cell)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    if not isinstance(held, list):
        return []
    words = [word.strip() for word in held if isinstance(word, str)]
    return [word for word in words if word]

"""Read every file again and tell which ones changed under an unchanged time stamp.

Copying tools restore time stamps, and no folder listing shows what they hid. The
digests of changed files are left in the private folder, where the next plan finds them
and reads their shards anew.
"""

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

from workflow_scripts.core import archive, entry
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.progress import progress
from workflow_scripts.core.tables.ingest import VERIFIED
from workflow_scripts.ingest import described, opening
from workflow_scripts.ingest.reasons import Refused

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """When it was asked for: the answer is as old as the question."""

    asked_ns: int
    unwatched: list[str]  # what lies below the root but is watched elsewhere


def main(
    *, root: Input, paths: Input, decoded: Inputs, recipe: Recipe, verified: Output
) -> None:
    """Compare the files below `root` with what was decoded; write `verified`.

    Raises:
        InputError: if files changed, after leaving word of them.
    """
    files = described.joined(paths, decoded)
    watched = [not archive.below(path, recipe.unwatched) for path in files["path"]]
    files = files[watched].query("reason != 'lung_mask'").reset_index(drop=True)
    files["sha256"] = files["sha256"].fillna("")
    with ThreadPoolExecutor() as pool:  # hashing lets go of Python's lock
        found = pool.map(lambda path: _digest(root, path), files["path"])
        now = list(progress(found, total=len(files), what="files"))
    known = archive.remembered(paths.parent, archive.CHANGED)
    news = {
        path: digest
        for path, before, digest in zip(
            files["path"], files["sha256"], now, strict=True
        )
        if digest != before and known.get(path) != digest
    }
    if news:
        archive.remember(paths.parent, archive.CHANGED, known | news)
        raise InputError(
            f"{len(news)} of {len(files)} files changed under an unchanged time stamp; "
            "run snakemake again: it reads their shards anew"
        )
    log.info("files: %d read again, none changed", len(files))
    files["sha256"] = now
    VERIFIED.write(files[["file_id", "sha256"]], verified)


def _digest(root: Path, path: str) -> str:
    """Return the SHA-256 of a file; "" if it cannot be read any more."""
    place = os.fsencode(root) + b"/" + unquote_to_bytes(path)
    try:
        return opening.content(place).sha256
    except (OSError, Refused):
        return ""


if __name__ == "__main__":
    entry.run(main)

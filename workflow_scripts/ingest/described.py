"""Ask an adapter about the files that were decoded, and hold it to its contract."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pandas as pd

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.ingest import DECODED, PATHS
from workflow_scripts.ingest import datasets
from workflow_scripts.ingest.datasets import FACTS, FILES, SAID, Facts, Source
from workflow_scripts.ingest.pseudonym import Pseudonyms

NOT_PICTURES = ["not_a_file", "not_an_image", "lung_mask"]
RASTER = ["png", "jpeg", "raw"]  # what stands for a transfer syntax outside DICOM


def joined(paths: Path, decoded: list[Path]) -> pd.DataFrame:
    """Return every file of a dataset, as DECODED with its `path`.

    Raises:
        InputError: if the shards and the list of files do not match.
    """
    listed = PATHS.read(paths)
    shards = [DECODED.read(shard) for shard in decoded]
    files = listed.merge(pd.concat(shards, ignore_index=True), on="file_id", how="left")
    if files["status"].isna().any() or sum(map(len, shards)) != len(listed):
        raise InputError("ingest: the shards and the list of files do not match")
    return files


def facts(adapter: str, source: Source) -> Facts:
    """Return who and what each file is, as the publisher says."""
    known: Facts = datasets.load(adapter).facts(source)
    return Facts(frame=FACTS.check(known.frame), patients=known.patients)


def said(adapter: str, source: Source) -> pd.DataFrame:
    """Return what the publisher sees on each picture, as SAID."""
    return SAID.check(datasets.load(adapter).said(source))


def source(
    files: pd.DataFrame,
    tables: list[Path],
    labels: dict[str, Any] | None,
    options: dict[str, Any],
    pseudonyms: Pseudonyms,
) -> Source:
    """Return what an adapter is given, of the files that may be pictures."""
    pictures = files[~files["reason"].isin(NOT_PICTURES)]
    seen = pd.DataFrame(
        {
            "file_id": pictures["file_id"],
            "path": [unquote(path, errors="replace") for path in pictures["path"]],
            "image_id": pictures["image_id"].mask(
                pictures["transfer_syntax"].isin(RASTER)
            ),
        }
    )
    return Source(
        files=FILES.check(seen),
        tables=tables,
        labels=labels,
        options=options,
        hashed_uid=lambda uid: pseudonyms.of("image", uid),
    )

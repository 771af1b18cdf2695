"""Adapters: what each dataset's publisher says of its files, in our words.

One file each, loaded by name, never all of them. An adapter is a module with

    TABLES    {name: patterns}: the publisher's tables below the root, all needed
    WORDS     {the publisher's word for a finding: ours}, matched exactly
    EXPECTED  {what: count}: images, patients that the tables of the whole set list;
              a difference is said
    facts(source) -> Facts        who and what each file is
    said(source) -> pd.DataFrame  what is seen on each picture, as SAID

and, where it has any,

    OPTIONAL  as TABLES, of tables that may be lacking
    SITE      whose patients these are, where several public sets show the same people
    MASKS     patterns of folders below the root that hold drawings, no radiographs
    RAW       the form of pictures that have no header, see `raw_pictures`
    Options   a dataclass of what a user may choose (the config's `options`)

The capitals are plain literals: the plan reads them without running the module. Ways
to read, match and answer that adapters share are in `publishers`.

An adapter opens no picture and hashes nothing. It may say less than it could: a file
that it leaves out has no label and no facts besides its header's. Raw patient ids and
UIDs live in memory only; the step that calls makes pseudonyms of them. An adapter's
errors are `InputError`s that quote no cell.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables import Table, number, text
from workflow_scripts.core.tables.ingest import IMAGES, LABELS

FILES = Table(
    name="files",
    meaning="every file that may be a picture",
    key=("file_id",),
    columns={
        "file_id": IMAGES.columns["file_id"],
        "path": text("below the root; � for bytes that are not UTF-8"),
        "image_id": text("of a DICOM file: its hashed UID", required=False),
    },
)

FACTS = Table(
    name="facts",
    meaning="what the dataset's publisher says of each file",
    key=("file_id",),
    columns={
        "file_id": IMAGES.columns["file_id"],
        "image_name": text("a public set's own name of the image", required=False),
        "patient": text("the raw patient id", required=False),
        "study": text("the raw study id", required=False),
        "view_position": IMAGES.columns["view_position"],
        "sex": IMAGES.columns["sex"],
        "age_years": IMAGES.columns["age_years"],
        "official_split": IMAGES.columns["official_split"],
        "reason": text("why it is out of scope, a code of `reasons`", required=False),
    },
)

SAID = Table(
    name="said",
    meaning="what the dataset's publisher sees on each file's picture",
    key=("file_id", "finding"),
    columns={
        "file_id": IMAGES.columns["file_id"],
        "finding": LABELS.columns["finding"],
        "value": number("1, 0, -1 uncertain, NaN unknown", 1, 0, -1),
        "source": LABELS.columns["source"],
    },
)


@dataclass(frozen=True, kw_only=True)
class Source:
    """What an adapter is given."""

    files: pd.DataFrame  # as FILES
    tables: list[Path]  # those of TABLES and OPTIONAL that are there
    labels: dict[str, Any] | None = None  # the config's, of adapter `folder`
    options: dict[str, Any] = field(default_factory=dict)  # for the adapter's Options
    hashed_uid: Callable[[str], str]  # SOP Instance UID -> image_id

    def table(self, patterns: tuple[str, ...]) -> Path | None:
        """Return the table that fits the first pattern that any fits, None if none."""
        for pattern in patterns:
            for path in self.tables:
                if path.match(pattern):
                    return path
        return None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Who and what each file is."""

    frame: pd.DataFrame  # as FACTS
    # Whose word counts for the patient: header (of the DICOM file, then the table),
    # table (the header's id names no person), nobody (no ids exist: each image counts
    # as its own patient).
    patients: str


def load(adapter: str) -> ModuleType:
    """Return one adapter.

    Raises:
        InputError: if there is no such adapter.
    """
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    if adapter not in names:
        raise InputError(f"datasets: adapter must be one of {sorted(names)}")
    return importlib.import_module(f"{__name__}.{adapter}")

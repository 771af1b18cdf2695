"""Adapters: what each dataset's own label table says of its files, in our words.

One file each, loaded by name, never all of them. An adapter is a module with

    def describe(source: Source) -> Described

It opens no picture and hashes nothing. It may say less than it could: a file that it
leaves out has no label and no facts besides its header's. Raw patient ids and UIDs
live in memory only; the step that calls makes pseudonyms of them. An adapter's errors
are `InputError`s that quote no cell.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
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
        "view_position": IMAGES.columns["view_position"],
        "sex": IMAGES.columns["sex"],
        "age_years": IMAGES.columns["age_years"],
        "official_split": IMAGES.columns["official_split"],
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
    tables: list[Path]  # the dataset's label tables; none for an unlabelled archive
    labels: dict[str, Any] | None  # the config's `labels`
    hashed_uid: Callable[[str], str]  # SOP Instance UID -> image_id


@dataclass(frozen=True, kw_only=True)
class Described:
    """What an adapter gives; `nothing()` is a fine answer."""

    facts: pd.DataFrame  # as FACTS
    said: pd.DataFrame  # as SAID


def nothing() -> Described:
    """Return what is said of an archive without any table."""
    return Described(facts=FACTS.empty(), said=SAID.empty())


def load(adapter: str) -> Callable[[Source], Described]:
    """Return the `describe` of one adapter.

    Raises:
        InputError: if there is no such adapter.
    """
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    if adapter not in names:
        raise InputError(f"datasets: adapter must be one of {sorted(names)}")
    module = importlib.import_module(f"{__name__}.{adapter}")
    return module.describe

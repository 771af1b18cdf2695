"""What MIMIC-CXR and MIMIC-CXR-JPG have in common: ids, splits, labels of a study."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pandas as pd

from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest import person
from workflow_scripts.ingest.datasets import Facts, Source
from workflow_scripts.ingest.publishers import answers
from workflow_scripts.ingest.publishers.label_table import column, read_table, splits
from workflow_scripts.ingest.publishers.matching import by_key

LABELERS = ("chexpert", "negbio", "radiologist")
RECORDS = ["dicom_id", "subject_id", "study_id", "ViewPosition"]


def facts(
    source: Source, records: Path, suffixes: set[str], split: Path | None, patients: str
) -> Facts:
    """Return who and what each picture is.

    Args:
        source: of the files.
        records: a table with a row for each picture, its study and its subject.
        suffixes: of the files that are pictures of this release.
        split: the table of the official split, if it is there.
        patients: whose word counts for the patient, as in `Facts`.

    Raises:
        InputError: if a table is damaged or lists none of the files.
    """
    table = read_table(records, columns=RECORDS)
    names = column(table, "dicom_id", records)
    known = {
        "image_name": names,
        "patient": column(table, "subject_id", records),
        "study": column(table, "study_id", records),
    }
    if "ViewPosition" in table.columns:  # blank for about 15,800 pictures
        known["view_position"] = table["ViewPosition"].map(person.view_position)
    if split:
        known["official_split"] = names.map(_splits(split))
    frame = answers.facts(_files(names, source, suffixes), records.name, **known)
    return Facts(frame=frame, patients=patients)


def said(
    source: Source,
    records: Path,
    suffixes: set[str],
    labels: Path,
    words: dict[str, str],
    *,
    no_finding_denies: bool,
) -> pd.DataFrame:
    """Return what is said of each picture's study; nothing is said of some studies.

    Args:
        source: of the files.
        records: a table with a row for each picture and its study.
        suffixes: of the files that are pictures of this release.
        labels: a table with a row for each study.
        words: its columns -> findings.
        no_finding_denies: whether blanks are 0 where `No Finding` is 1.

    Raises:
        InputError: if a table is damaged, a cell is odd, or two rows are of one study.
    """
    found = _of_studies(labels, words)
    if no_finding_denies:
        found = answers.denied(found, but=["support_devices"])
    pictures = read_table(records, columns=RECORDS)
    files = _files(column(pictures, "dicom_id", records), source, suffixes)
    each = found.reindex(column(pictures, "study_id", records))
    return answers.said(files, each.set_index(files.index), labels.name)


def _splits(path: Path) -> dict[str, str]:
    """Return the official split of each picture."""
    table = read_table(path)
    part = splits(column(table, "split", path), path)
    return dict(zip(column(table, "dicom_id", path), part, strict=True))


def _of_studies(path: Path, words: dict[str, str]) -> pd.DataFrame:
    """Return what is said of each study, by its id."""
    table = read_table(path)
    study = column(table, "study_id", path)
    if repeats := int(study.duplicated().sum()):
        raise InputError(f"{path.name}: {repeats} rows describe a study of another row")
    return answers.in_columns(table, words, path).set_index(study)


def label_table(
    source: Source, tables: Mapping[str, tuple[str, ...]], labeler: str
) -> Path | None:
    """Return the table of the labeler that a user chose, None if it is not there.

    Raises:
        InputError: if there is no such labeler.
    """
    if labeler not in LABELERS:
        raise InputError(f"datasets: options: labeler must be one of {list(LABELERS)}")
    return source.table(tables[labeler])


def _files(
    names: "pd.Series[str]", source: Source, suffixes: set[str]
) -> "pd.Series[str]":
    """Match by name among the files of one release: the two share a picture's name."""

    def name(path: str) -> str:
        file = PurePosixPath(path)
        return file.stem if file.suffix.lower() in suffixes else ""

    return by_key(names, source, name)

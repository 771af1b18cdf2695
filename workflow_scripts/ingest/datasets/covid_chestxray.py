"""COVID-19 image data collection: figures of papers and teaching files.

Cohen et al. 2020, "COVID-19 Image Data Collection: Prospective Predictions Are the
Future", https://arxiv.org/abs/2006.11988;
https://github.com/ieee8023/covid-chestxray-dataset. Licence: each image has its own, in
column `license` (CC BY-NC-SA for most, none for some). It grew until 2021: the last
version has about 950 rows, and no count is expected.

`finding` is a path, `Pneumonia/Viral/COVID-19`: what the path names is present, what it
leaves open is unknown, any other branch is absent; `todo` and `Unknown` leave all
unknown.

Traps:
    CT slices lie among the radiographs, volumes as `.nii.gz` below `volumes`: rows
    whose `modality` is not X-ray are left out.
    `view` is PA, AP, AP Supine or alike (patients who lie are iller), or L.
    A `patientid` was given to two people (issue 36), and on purpose to all people of a
    paper that tells them not apart (pull request 18). They stay one patient: that can
    only make groups too large, whereas a patient split in two leaks.
    The header ends in a comma. Figures bear arrows and letters, and source and label go
    together.
    COVIDx holds these images as its source `cohen`: SITE and patient say so.
"""

import logging

import pandas as pd

from workflow_scripts.ingest import person
from workflow_scripts.ingest.datasets import Facts, Source
from workflow_scripts.ingest.publishers import answers
from workflow_scripts.ingest.publishers.label_table import ages, column, read_table
from workflow_scripts.ingest.publishers.matching import by_tail

TABLES = {"metadata": ("metadata.csv", "*/metadata.csv")}
MASKS = ("annotations/lungVAE-masks", "*/annotations/lungVAE-masks")
SITE = "covid_chestxray"
WORDS = {
    "No Finding": "no_finding",
    "Tuberculosis": "tuberculosis",
    "Pneumonia": "pneumonia",
    "Pneumonia/Bacterial": "bacterial_pneumonia",
    "Pneumonia/Fungal": "fungal_pneumonia",
    "Pneumonia/Viral": "viral_pneumonia",
    "Pneumonia/Viral/COVID-19": "covid_19",
}
EXPECTED: dict[str, int] = {}

UNSAID = ("", "todo", "Unknown")
COLUMNS = ("patientid", "sex", "age", "finding", "view", "modality", "filename")

log = logging.getLogger(__name__)


def facts(source: Source) -> Facts:
    """Return the people behind the pictures.

    Raises:
        InputError: if a column is missing or no row matches any file.
    """
    rows = _pictures(source)
    nobody = rows["patientid"].map(person.placeholder)
    patient = rows["patientid"].where(nobody, "cohen " + rows["patientid"])
    sex = rows["sex"].map(person.sex)
    sexes = sex.groupby(patient).nunique()
    if two := int((sexes > 1).sum()):
        log.warning("metadata.csv: %d patient ids stand for people of both sexes", two)
    frame = answers.facts(
        rows["file_id"],
        "metadata.csv",
        image_name=rows["filename"],
        patient=patient,
        view_position=rows["view"].map(_view),
        sex=sex,
        age_years=ages(rows["age"]),
        reason=rows["modality"].map(_reason),
    )
    return Facts(frame=frame, patients="table")


def said(source: Source) -> pd.DataFrame:
    """Return what the path of each radiograph's finding tells.

    Raises:
        InputError: as `facts` does.
    """
    rows = _pictures(source)
    rows = rows[rows["modality"].map(_reason).isna()]
    paths = rows["finding"].str.split("/")
    tops = {word for word in WORDS if "/" not in word}
    known = paths.str[0].isin(tops)
    if odd := int((~known & ~rows["finding"].isin(UNSAID)).sum()):
        log.warning("metadata.csv: %d rows have a finding that is not known here", odd)
    frames = [
        rows[["file_id"]].assign(
            finding=finding,
            value=paths[known].map(lambda path, w=word: _value(w, path)),
        )
        for word, finding in WORDS.items()
    ]
    return pd.concat(frames).assign(source="metadata.csv")


def _value(word: str, path: list[str]) -> float | None:
    """Return 1 if a finding's path leads by `word`, None if it ends before, else 0."""
    branch = word.split("/")
    if path[: len(branch)] == branch:
        return 1.0
    return None if branch[: len(path)] == path else 0.0


def _view(word: str) -> str | None:
    """Return PA, AP or LATERAL; how the patient lay or stood is dropped."""
    first, *_ = word.upper().split() or [""]
    return {"PA": "PA", "AP": "AP", "L": "LATERAL"}.get(first)


def _reason(modality: str) -> str | None:
    """Return why a picture is out of scope: CT slices lie among the radiographs."""
    return None if modality.casefold() == "x-ray" else "other_modality"


def _pictures(source: Source) -> pd.DataFrame:
    """Return `file_id` and the columns of each row that matches a file."""
    path = answers.needed(source, TABLES["metadata"])
    table = read_table(path, ragged=True)
    rows = pd.DataFrame({name: column(table, name, path) for name in COLUMNS})
    rows["file_id"] = by_tail(rows["filename"], source, 1)
    return answers.undisputed(rows, path.name)

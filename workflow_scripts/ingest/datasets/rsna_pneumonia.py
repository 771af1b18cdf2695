"""RSNA Pneumonia Detection Challenge 2018, stage 2: NIH pictures read by radiologists.

Shih et al. 2019, "Augmenting the National Institutes of Health Chest Radiograph Dataset
with Expert Annotations of Possible Pneumonia", Radiology: Artificial Intelligence
1(1):e180041, https://doi.org/10.1148/ryai.2019180041;
https://www.kaggle.com/c/rsna-pneumonia-detection-challenge. Competition rules: academic
and non-commercial use.

26,684 labelled pictures, 6,012 of them with lung opacity, and 3,000 without labels. All
are NIH ChestX-ray14's, made smaller and put into DICOM. The opacities are such as could
be pneumonia; no clinical record confirms it. `No Lung Opacity / Not Normal` (11,821) is
neither of the two findings.

Traps:
    `patientId` is a picture's name, and the header's Patient ID the same: neither tells
    a person. 26,663 of the pictures are of 11,439 people. Who they are is told only by
    `pneumonia-challenge-dataset-mappings_2018.json` (on rsna.org, with the challenge):
    put it below the root. Without it each picture counts as a patient of its own, and
    people stand in training and test at once, here and in `nih_cxr14`.
    The patient is NIH's number without leading zeros, at the site of `nih_cxr14`.
    Both tables have one row for each box: joined, they multiply.
    Five ages are 148 to 155 years; they count as unknown.
"""

import json
import logging
from pathlib import Path

import pandas as pd

from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.datasets import SAID, Facts, Source
from workflow_scripts.ingest.publishers import answers
from workflow_scripts.ingest.publishers.label_table import column, read_table, values

TABLES = {
    "labels": (
        "stage_2_train_labels.csv",
        "*/stage_2_train_labels.csv",
    ),
}
OPTIONAL = {
    "classes": (
        "stage_2_detailed_class_info.csv",
        "*/stage_2_detailed_class_info.csv",
    ),
    "mapping": (
        "pneumonia-challenge-dataset-mappings_2018.json",
        "*/pneumonia-challenge-dataset-mappings_2018.json",
    ),
}
WORDS = {"Lung Opacity": "lung_opacity", "Normal": "no_finding"}
EXPECTED: dict[str, int] = {}
SITE = "nih_clinical_center"
NEITHER = "No Lung Opacity / Not Normal"
NIH_NAME = r"^0*(\d+)_\d{3}(?:\.png)?$"  # 00000013_005.png

log = logging.getLogger(__name__)


def facts(source: Source) -> Facts:
    """Return the name of each picture and, where the mapping is there, its patient.

    Raises:
        InputError: if a table is damaged, or lists none of the files.
    """
    path = answers.needed(source, TABLES["labels"])
    table = read_table(path)
    pictures = column(table, "patientId", path)
    people = _people(source)
    if people is None:
        log.warning(
            "rsna_pneumonia: people stand in several parts of the data at once, for "
            "nothing tells who they are; put %s below the root",
            OPTIONAL["mapping"][0],
        )
    else:
        pictures = pd.concat([pictures, people.index.to_series()], ignore_index=True)
    known = answers.of_pictures(pd.DataFrame({"picture": pictures.unique()}), source)
    frame = answers.facts(
        known["file_id"],
        path.name,
        image_name=known["picture"],
        patient=known["picture"].map({} if people is None else people),
    )
    return Facts(frame=frame, patients="nobody" if people is None else "table")


def said(source: Source) -> pd.DataFrame:
    """Return whether there is lung opacity, and whether the picture is normal.

    Raises:
        InputError: as `facts` does, and if a cell is odd.
    """
    path = answers.needed(source, TABLES["labels"])
    table = read_table(path)
    target = values(column(table, "Target", path), path)
    found = [_long(target, column(table, "patientId", path), "lung_opacity", path)]
    if classes := source.table(OPTIONAL["classes"]):
        table = read_table(classes)
        normal = _normal(column(table, "class", classes), classes)
        found.append(
            _long(normal, column(table, "patientId", classes), "no_finding", classes)
        )
    whole = answers.of_pictures(pd.concat(found, ignore_index=True), source)
    return whole[list(SAID.columns)]


def _long(
    value: "pd.Series[float]", picture: "pd.Series[str]", finding: str, path: Path
) -> pd.DataFrame:
    """Return one row for each picture, whatever its number of boxes."""
    once = value.groupby(picture.rename("picture")).max().rename("value").reset_index()
    return once.assign(finding=finding, source=path.name)


def _normal(cells: "pd.Series[str]", path: Path) -> "pd.Series[float]":
    """Return 1 for the word Normal, 0 for the other two, NaN for what is unknown."""
    finding = cells.map({**WORDS, NEITHER: NEITHER})
    if strange := int(finding.isna().sum()):
        log.warning("%s: %d rows hold unknown words, left out", path.name, strange)
    return (finding == "no_finding").astype("float64").where(finding.notna())


def _people(source: Source) -> "pd.Series[str] | None":
    """Return the NIH's patient of each `patientId`, None if no table tells.

    Raises:
        InputError: if the mapping is not what the RSNA published.
    """
    path = source.table(OPTIONAL["mapping"])
    if path is None:
        return None
    try:
        rows = json.loads(path.read_text(encoding="utf-8-sig"))
        pictures = [str(row["subset_img_id"]) for row in rows]
        originals = [str(row["img_id"]) for row in rows]
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        kind = type(error).__name__
        raise InputError(f"{path.name}: not the RSNA's mapping ({kind})") from None
    people = pd.Series(originals, index=pictures, dtype="string")
    people = people.str.extract(NIH_NAME, expand=False)
    if odd := int(people.isna().sum()):
        raise InputError(f"{path.name}: {odd} rows name no picture of the NIH's")
    return people[~people.index.duplicated()]

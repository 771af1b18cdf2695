"""RSNA Pneumonia Detection Challenge 2018, stage 2: NIH pictures read by radiologists.

Shih et al. 2019, "Augmenting the National Institutes of Health Chest Radiograph
Dataset with Expert Annotations of Possible Pneumonia", Radiology: Artificial
Intelligence 1(1):e180041, https://doi.org/10.1148/ryai.2019180041. Kaggle, competition
rules (academic and non-commercial use): kaggle.com/c/rsna-pneumonia-detection-challenge

26,684 labelled pictures, 6,012 of them with lung opacity, and 3,000 without labels.
All are NIH ChestX-ray14's, made smaller and put into DICOM.

- `patientId` is a picture's name, and the header's Patient ID the same: neither tells a
  person. 26,663 of the pictures are of 11,439 people. Who they are is told only by
  `pneumonia-challenge-dataset-mappings_2018.json` (on rsna.org, with the challenge):
  put it below the root. Without it each picture counts as a patient of its own, so
  that people stand in training and test at once, here and in `nih_cxr14`.
- The patient is NIH's number without leading zeros, at the site of `nih_cxr14`.
- Both tables have one row for each box: joined, they multiply.
- `No Lung Opacity / Not Normal` (11,821) is neither of the two findings.
- Five ages are 148 to 155 years; they count as unknown.
- The opacities are such as could be pneumonia; no clinical record confirms it.
"""

import json
from pathlib import Path

import pandas as pd

from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.answers import needed
from workflow_scripts.ingest.datasets import SAID, Facts, Source
from workflow_scripts.ingest.label_table import column, read_table, values
from workflow_scripts.ingest.listing import as_facts, files_of, log

TABLES = {
    "stage_2_train_labels.csv": (
        "stage_2_train_labels.csv",
        "*/stage_2_train_labels.csv",
    ),
}
OPTIONAL = {
    "stage_2_detailed_class_info.csv": (
        "stage_2_detailed_class_info.csv",
        "*/stage_2_detailed_class_info.csv",
    ),
    "pneumonia-challenge-dataset-mappings_2018.json": (
        "pneumonia-challenge-dataset-mappings_2018.json",
        "*/pneumonia-challenge-dataset-mappings_2018.json",
    ),
}
WORDS = {"Lung Opacity": "lung_opacity", "Normal": "no_finding"}
EXPECTED = {"images": 29684}
SITE = "nih"
NEITHER = "No Lung Opacity / Not Normal"
NIH_NAME = r"^0*(\d+)_\d{3}(?:\.png)?$"  # 00000013_005.png


def facts(source: Source) -> Facts:
    """Return the name of each picture and, where the mapping is there, its patient.

    Raises:
        InputError: if a table is damaged, or lists none of the files.
    """
    path, table = _table(source, TABLES["stage_2_train_labels.csv"])
    names = column(table, "patientId", path)
    people = _people(source)
    if people is not None:
        names = pd.concat([names, pd.Series(people.index)])
    known = files_of(names, source).rename(columns={"picture": "image_name"})
    if people is None:
        log.warning(
            "rsna_pneumonia: people stand in several parts of the data at once, for "
            "nothing tells who they are; put %s below the root",
            *list(OPTIONAL)[1:],
        )
        return Facts(frame=as_facts(known), patients="nobody")
    known = known.assign(patient=known["image_name"].map(people))
    return Facts(frame=as_facts(known), patients="table")


def said(source: Source) -> pd.DataFrame:
    """Return whether there is lung opacity, and whether the picture is normal.

    Raises:
        InputError: as `facts` does, and if a cell is odd.
    """
    path, table = _table(source, TABLES["stage_2_train_labels.csv"])
    target = values(column(table, "Target", path), path)
    found = [_long(target, column(table, "patientId", path), "lung_opacity", path)]
    patterns = OPTIONAL["stage_2_detailed_class_info.csv"]
    if source.table(patterns):
        path, table = _table(source, patterns)
        normal = _normal(column(table, "class", path), path)
        found.append(
            _long(normal, column(table, "patientId", path), "no_finding", path)
        )
    whole = pd.concat(found)
    whole = whole.merge(files_of(whole["picture"], source), on="picture")
    return whole[list(SAID.columns)]


def _table(source: Source, patterns: tuple[str, ...]) -> tuple[Path, pd.DataFrame]:
    path = needed(source, patterns)
    return path, read_table(path)


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
    path = source.table(OPTIONAL["pneumonia-challenge-dataset-mappings_2018.json"])
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

"""Open-i (Indiana University): radiographs of two views, with reports coded by hand.

Demner-Fushman et al. 2016, "Preparing a collection of radiology examinations for
distribution and retrieval", Journal of the American Medical Informatics Association
23(2):304, https://doi.org/10.1093/jamia/ocv080; https://openi.nlm.nih.gov/faq; on
Kaggle as raddar/chest-xrays-indiana-university. CC BY-NC-ND 4.0.

3,955 reports of as many people, 104 of them without a picture, and 7,470 pictures: PNG
(`NLMCXR_png`), DICOM (`NLMCXR_dcm`), or Kaggle's PNG with two tables. A report is taken
for a person, `CXR7`: no person is said to have two.

Findings are the MeSH headings coded by hand (`major`), before the first slash; where in
the body a heading applies stands behind it and is not looked at. Those found by machine
(`automatic`) are left out. What is not coded is absent. A report that was not coded
(`No Indexing`) says nothing.

Traps:
    Half of the pictures are lateral. Only Kaggle's `indiana_projections.csv` and some
    DICOM headers (2,586 of 7,469 are blank) tell which; the reports do not. PNG files
    without that table are refused, unless `options: {unknown_views: accept}`.
    Kaggle's Frontal may be PA or AP.
    A picture is called CXR1_1_IM-0001-3001.png, 1_IM-0001-3001.dcm or, by Kaggle,
    1_IM-0001-3001.dcm.png; here it is CXR1_IM-0001-3001 in each release.
    3,584 of the DICOM files are MONOCHROME1, and bits stored differ (10 to 15).
    The split that papers on report writing use is not the publisher's.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.datasets import SAID, Facts, Source
from workflow_scripts.ingest.publishers import answers
from workflow_scripts.ingest.publishers.coded_reports import (
    our_name,
    read_kaggle,
    read_projections,
    read_xml,
)
from workflow_scripts.ingest.publishers.matching import by_key

TABLES = {
    "reports": (
        "ecgen-radiology",
        "*/ecgen-radiology",
        "*/*/ecgen-radiology",
        "indiana_reports.csv",
        "*/indiana_reports.csv",
    ),
}
OPTIONAL = {
    "projections": (
        "indiana_projections.csv",
        "*/indiana_projections.csv",
    ),
}
WORDS = {
    "Bronchiectasis": "bronchiectasis",
    "Bronchitis": "bronchitis",
    "Bullous Emphysema": "emphysema",
    "Calcified Granuloma": "granuloma",
    "Calcinosis": "calcification",
    "Cardiomegaly": "cardiomegaly",
    "Catheters, Indwelling": "support_devices",
    "Consolidation": "consolidation",
    "Emphysema": "emphysema",
    "Fractures, Bone": "fracture",
    "Granuloma": "granuloma",
    "Hernia, Hiatal": "hernia",
    "Hydropneumothorax": "pneumothorax",
    "Implanted Medical Device": "support_devices",
    "Infiltrate": "infiltration",
    "Kyphosis": "kyphosis",
    "Lung Diseases, Interstitial": "interstitial_lung_disease",
    "Mass": "mass",
    "Medical Device": "support_devices",
    "Nodule": "nodule",
    "Opacity": "lung_opacity",
    "Pleural Effusion": "effusion",
    "Pneumonia": "pneumonia",
    "Pneumothorax": "pneumothorax",
    "Pulmonary Atelectasis": "atelectasis",
    "Pulmonary Disease, Chronic Obstructive": "copd",
    "Pulmonary Edema": "edema",
    "Pulmonary Emphysema": "emphysema",
    "Pulmonary Fibrosis": "fibrosis",
    "Scoliosis": "scoliosis",
    "Tube, Inserted": "support_devices",
    "Tuberculosis": "tuberculosis",
    "normal": "no_finding",
}
EXPECTED = {"images": 7_470, "patients": 3_851}

UNCODED = ("No Indexing", "Technical Quality of Image Unsatisfactory")

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a user may choose."""

    unknown_views: str = "refuse"  # or accept, of PNG files: half of them are lateral


def facts(source: Source) -> Facts:
    """Return the name, the patient and, where a table tells, the view of each picture.

    Raises:
        InputError: if a table or report is damaged, if none lists any file, or if
            nothing tells frontal from lateral.
    """
    path, _, pictures = _reports(source)
    known = answers.of_pictures(pictures, source, _by_our_name)
    known = _of_known_view(known, source)
    frame = answers.facts(
        known["file_id"],
        path.name,
        image_name=known["picture"],
        patient=known["uid"],
        study=known["uid"],
        view_position=known["view_position"],
    )
    return Facts(frame=frame, patients="table")


def said(source: Source) -> pd.DataFrame:
    """Return the findings that each picture's report is coded with.

    Raises:
        InputError: as `facts` does.
    """
    path, coded, pictures = _reports(source)
    coded = coded[~coded["heading"].isin(UNCODED)]
    findings = coded["heading"].map(WORDS)
    log.info("reports: %d headings are no findings of ours", int(findings.isna().sum()))
    seen = pd.crosstab(coded["uid"], findings.fillna("")).clip(upper=1)
    seen = seen.reindex(columns=sorted(set(WORDS.values())), fill_value=0)
    long = seen.rename_axis(columns=None).reset_index().melt("uid", var_name="finding")
    known = answers.of_pictures(pictures, source, _by_our_name)
    whole = known.merge(long, on="uid")
    return whole.assign(source=path.name)[list(SAID.columns)]


def _reports(source: Source) -> tuple[Path, pd.DataFrame, pd.DataFrame]:
    """Return the table in use, its coded headings, and the pictures.

    Raises:
        InputError: if a table is lacking or damaged.
    """
    path = source.table(TABLES["reports"])
    views = source.table(OPTIONAL["projections"])
    if path is None or (path.suffix == ".csv" and views is None):
        raise InputError(
            "openi: needs ecgen-radiology, or indiana_reports.csv with "
            "indiana_projections.csv, below the root"
        )
    if path.suffix == ".csv":
        assert views is not None
        return path, read_kaggle(path), read_projections(views)
    coded, pictures = read_xml(path)
    if views is not None:
        told = read_projections(views).set_index("picture")["view_position"]
        pictures["view_position"] = pictures["picture"].map(told)
    return path, coded, pictures


def _of_known_view(known: pd.DataFrame, source: Source) -> pd.DataFrame:
    """Leave out PNG files of unknown view, unless the user accepts them.

    Raises:
        InputError: if that would be all there is.
    """
    accept = Options(**source.options).unknown_views
    if accept not in ("refuse", "accept"):
        raise InputError("options: unknown_views must be refuse or accept")
    paths = source.files.set_index("file_id")["path"].str.lower()
    png = known["file_id"].map(paths).str.endswith((".png", ".jpg", ".jpeg"))
    unknown = png & known["view_position"].isna()
    if accept == "accept" or not unknown.any():
        return known
    if unknown.all():
        raise InputError(
            "openi: half of the PNG files are lateral and nothing tells which; put "
            "Kaggle's indiana_projections.csv below the root, use the DICOM files, or "
            "set options: {unknown_views: accept}"
        )
    log.warning("openi: %d PNG files of unknown view are left out", int(unknown.sum()))
    return known[~unknown]


def _by_our_name(cells: "pd.Series[str]", source: Source) -> "pd.Series[str]":
    return by_key(cells, source, our_name)

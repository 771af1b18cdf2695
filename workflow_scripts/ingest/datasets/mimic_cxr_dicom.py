"""MIMIC-CXR 2.x: 377,110 radiographs of Beth Israel Deaconess, as DICOM.

Johnson et al. 2019, "MIMIC-CXR, a de-identified publicly available database of chest
radiographs with free-text reports", Scientific Data 6:317,
https://doi.org/10.1038/s41597-019-0322-0; https://physionet.org/content/mimic-cxr/.
PhysioNet Credentialed Health Data License: nothing of it may be passed on.

This release has reports, but no labels and no split: copy the `.csv.gz` tables of
MIMIC-CXR-JPG below the root and they are used, see `mimic_cxr_jpg` for what they mean
and how they mislead. Without them no finding is known.

Traps:
    The header's Patient ID is the subject id of `cxr-record-list`, so that a header
    and the table name one person alike. Names of files are the pictures' `dicom_id`.
    A picture whose view neither header nor table tells is refused with the laterals.
    JPEG files of MIMIC-CXR-JPG have the same names: they are left alone here.
"""

import logging
from dataclasses import dataclass

import pandas as pd

from workflow_scripts.ingest.datasets import SAID, Facts, Source
from workflow_scripts.ingest.publishers import answers, mimic_cxr

TABLES = {
    "records": (
        "cxr-record-list.csv.gz",
        "cxr-record-list.csv",
        "*/cxr-record-list.csv.gz",
        "*/cxr-record-list.csv",
    ),
}
OPTIONAL = {
    "metadata": (
        "mimic-cxr-2.*-metadata.csv.gz",
        "mimic-cxr-2.*-metadata.csv",
        "*/mimic-cxr-2.*-metadata.csv.gz",
        "*/mimic-cxr-2.*-metadata.csv",
    ),
    "split": (
        "mimic-cxr-2.*-split.csv.gz",
        "mimic-cxr-2.*-split.csv",
        "*/mimic-cxr-2.*-split.csv.gz",
        "*/mimic-cxr-2.*-split.csv",
    ),
    "chexpert": (
        "mimic-cxr-2.*-chexpert.csv.gz",
        "mimic-cxr-2.*-chexpert.csv",
        "*/mimic-cxr-2.*-chexpert.csv.gz",
        "*/mimic-cxr-2.*-chexpert.csv",
    ),
    "negbio": (
        "mimic-cxr-2.*-negbio.csv.gz",
        "mimic-cxr-2.*-negbio.csv",
        "*/mimic-cxr-2.*-negbio.csv.gz",
        "*/mimic-cxr-2.*-negbio.csv",
    ),
    "radiologist": (
        "mimic-cxr-2.*-test-set-labeled.csv",
        "mimic-cxr-2.*-test-set-labeled.csv.gz",
        "*/mimic-cxr-2.*-test-set-labeled.csv",
        "*/mimic-cxr-2.*-test-set-labeled.csv.gz",
    ),
}
WORDS = {
    "Airspace Opacity": "lung_opacity",
    "Atelectasis": "atelectasis",
    "Cardiomegaly": "cardiomegaly",
    "Consolidation": "consolidation",
    "Edema": "edema",
    "Enlarged Cardiomediastinum": "enlarged_cardiomediastinum",
    "Fracture": "fracture",
    "Lung Lesion": "lung_lesion",
    "Lung Opacity": "lung_opacity",
    "No Finding": "no_finding",
    "Pleural Effusion": "effusion",
    "Pleural Other": "pleural_other",
    "Pneumonia": "pneumonia",
    "Pneumothorax": "pneumothorax",
    "Support Devices": "support_devices",
}
EXPECTED = {"images": 377_110}
SITE = "mimic_cxr"

SUFFIXES = {".dcm", ".dicom"}

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a user may choose."""

    labeler: str = "chexpert"  # or negbio, or radiologist
    no_finding_denies: bool = False  # blanks are 0 where `No Finding` is 1


def facts(source: Source) -> Facts:
    """Return who and what each picture is.

    Raises:
        InputError: if a table is damaged or lists none of the files.
    """
    records = source.table(OPTIONAL["metadata"])  # the record list tells no view
    records = records or answers.needed(source, TABLES["records"])
    split = source.table(OPTIONAL["split"])
    return mimic_cxr.facts(source, records, SUFFIXES, split, "header")


def said(source: Source) -> pd.DataFrame:
    """Return 1, 0, -1 (uncertain) or NaN (not mentioned) for each finding, if any.

    Raises:
        InputError: as `facts` does, and if a cell or an option is odd.
    """
    options = Options(**source.options)
    labels = mimic_cxr.label_table(source, OPTIONAL, options.labeler)
    if labels is None:
        log.warning(
            "datasets: no table of the labeler %s; no finding is known", options.labeler
        )
        return SAID.empty()
    records = answers.needed(source, TABLES["records"])
    denies = options.no_finding_denies
    return mimic_cxr.said(
        source, records, SUFFIXES, labels, WORDS, no_finding_denies=denies
    )

"""MIMIC-CXR-JPG 2.0.0 and 2.1.0: 377,110 radiographs of Beth Israel Deaconess, as JPEG.

Johnson et al. 2019, "MIMIC-CXR-JPG, a large publicly available database of labeled
chest radiographs", https://arxiv.org/abs/1901.07042;
https://physionet.org/content/mimic-cxr-jpg/. PhysioNet Credentialed Health Data
License: nothing of it may be passed on. 368,960 pictures train (from memory), 2,991
validate and 5,159 test (counted).

Labels were mined from the report of each study and hold for all its pictures: 1, 0,
-1 uncertain, blank not mentioned, which is unknown here, not absent. `labeler`
chooses chexpert, negbio, or radiologist (2.1.0: 687 studies of the test split, read by
one; all else is unknown). `no_finding_denies` takes the blanks of a study without
findings for 0, except of support devices, which `No Finding` does not deny.

Traps:
    The labels' columns are in alphabetical order, unlike CheXpert's: never by place.
    Release 2.1.0 holds tables named 2.0.0; some people unpack the `.csv.gz`.
    `ViewPosition` is blank for about 15,800 pictures, and sometimes wrong.
    The pictures' histograms were equalised, and MONOCHROME1 turned, by the publisher.
    The radiologist says `Airspace Opacity` for `Lung Opacity`, and names no subject.
"""

from dataclasses import dataclass

import pandas as pd

from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.datasets import Facts, Source
from workflow_scripts.ingest.publishers import answers, mimic_cxr

TABLES = {
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
}
OPTIONAL = {
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

SUFFIXES = {".jpg", ".jpeg", ".png"}


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
    records = answers.needed(source, TABLES["metadata"])
    split = source.table(TABLES["split"])
    return mimic_cxr.facts(source, records, SUFFIXES, split, "table")


def said(source: Source) -> pd.DataFrame:
    """Return 1, 0, -1 (uncertain) or NaN (not mentioned) for each finding.

    Raises:
        InputError: as `facts` does, and if a cell or an option is odd.
    """
    options = Options(**source.options)
    labels = mimic_cxr.label_table(source, TABLES | OPTIONAL, options.labeler)
    if labels is None:
        raise InputError(f"datasets: no table of the labeler {options.labeler}")
    records = answers.needed(source, TABLES["metadata"])
    denies = options.no_finding_denies
    return mimic_cxr.said(
        source, records, SUFFIXES, labels, WORDS, no_finding_denies=denies
    )

"""VinDr-CXR: chest radiographs of two hospitals in Hanoi, read by radiologists.

Nguyen et al. 2022, "VinDr-CXR: An open dataset of chest X-rays with radiologist's
annotations", Scientific Data 9:429, https://doi.org/10.1038/s41597-022-01498-w. Two
releases hold the same training pictures: PhysioNet's (credentialed access, its data use
agreement: https://physionet.org/content/vindr-cxr/) and that of the Kaggle challenge
VinBigData (competition rules). Nothing of either may be passed on.

15,000 training pictures, each seen by 3 of 17 radiologists, and 3,000 test pictures of
which 5 agreed on one reading. On Kaggle the test pictures are 3,000 others, without
labels, and the readers' 14 boxed findings are all that is told. A label is a vote of
the readers, `options: {readers: any}`: of 15,000 pictures, 121 have consolidation by
majority, 353 by any reader, 31 by all three.

Traps:
    No patient ids exist in either release: each picture counts as a patient of its
    own, intervals are over pictures, and two pictures of one person may be parted.
    Files are called `.dicom`; 541 of the 3,000 test pictures are MONOCHROME1.
    Headers do not tell the view; the publisher does: all are PA.
    Some tables say `Other disease`, some `Other diseases`.
    On Kaggle, class 14 is `No finding`, and a picture has as many rows as boxes.
"""

from dataclasses import dataclass

import pandas as pd

from workflow_scripts.ingest.datasets import Facts, Source
from workflow_scripts.ingest.publishers import vindr

TABLES = {
    "labels": (
        "image_labels_train.csv",
        "annotations/image_labels_train.csv",
        "*/annotations/image_labels_train.csv",
        "train.csv",
        "*/train.csv",
        "image_labels_test.csv",
        "annotations/image_labels_test.csv",
        "*/annotations/image_labels_test.csv",
    ),
}
OPTIONAL = {
    "test_labels": (
        "image_labels_test.csv",
        "annotations/image_labels_test.csv",
        "*/annotations/image_labels_test.csv",
    ),
    "submission": ("sample_submission.csv", "*/sample_submission.csv"),
}
WORDS = {
    "Aortic enlargement": "aortic_enlargement",
    "Atelectasis": "atelectasis",
    "Calcification": "calcification",
    "Cardiomegaly": "cardiomegaly",
    "Clavicle fracture": "clavicle_fracture",
    "Consolidation": "consolidation",
    "Edema": "edema",
    "Emphysema": "emphysema",
    "Enlarged PA": "enlarged_pulmonary_artery",
    "ILD": "interstitial_lung_disease",
    "Infiltration": "infiltration",
    "Lung Opacity": "lung_opacity",
    "Lung cavity": "lung_cavity",
    "Lung cyst": "lung_cyst",
    "Mediastinal shift": "mediastinal_shift",
    "Nodule/Mass": "nodule_or_mass",
    "Pleural effusion": "effusion",
    "Pleural thickening": "pleural_thickening",
    "Pneumothorax": "pneumothorax",
    "Pulmonary fibrosis": "fibrosis",
    "Rib fracture": "rib_fracture",
    "Other lesion": "other_lesion",
    "COPD": "copd",
    "Lung tumor": "lung_tumor",
    "Pneumonia": "pneumonia",
    "Tuberculosis": "tuberculosis",
    "Other disease": "other_disease",
    "Other diseases": "other_disease",
    "No finding": "no_finding",
}
EXPECTED = {"images": 18_000}
SPLITS = {  # the tables in use, and the publisher's part that each is about
    "image_labels_train.csv": "train",
    "train.csv": "train",
    "image_labels_test.csv": "test",
    "sample_submission.csv": None,  # only says which pictures there are
}


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a user may choose."""

    readers: str = "majority"  # majority, any or all must see a finding


def facts(source: Source) -> Facts:
    """Return the name, the view and the official split of each picture.

    Raises:
        InputError: if a table is damaged, or none lists any of the files.
    """
    return vindr.facts(source, SPLITS)


def said(source: Source) -> pd.DataFrame:
    """Return what is seen by as many readers as `options` asks for.

    Raises:
        InputError: as `facts` does, and if a cell or an option is odd.
    """
    return vindr.said(source, SPLITS, WORDS, Options(**source.options).readers)

"""VinDr-PCXR (PediCXR): chest radiographs of children under ten, from Vietnam.

Pham et al. 2023, "PediCXR: An open, large-scale chest radiograph dataset for
interpretation of common thoracic diseases in children", Scientific Data 10:240,
https://doi.org/10.1038/s41597-023-02102-5; https://physionet.org/content/vindr-pcxr/.
PhysioNet, restricted access, data use agreement: nothing of it may be passed on.

7,728 training and 1,397 test pictures, 15 diseases at image level. Each was read by one
of three radiologists, so that there is nothing to vote on; several rows for a picture
would be votes, as in `vindr_cxr`.

Traps:
    All are children: with `paediatric` among the excluded, nearly nothing is left where
    headers tell the age. Pooled with adults, age is a shortcut.
    No patient ids exist, in tables or headers: each picture counts as a patient of its
    own.
    The publisher writes `Brocho-pneumonia` and `Diagphramatic hernia`, and `rad_ID` in
    one table where the other has `rad_id`. Files are called `.dicom`.
    Headers do not tell the view; the publisher says that all are PA.
    Nine of the diseases have fewer than 20 pictures.
"""

from dataclasses import dataclass

import pandas as pd

from workflow_scripts.ingest.datasets import Facts, Source
from workflow_scripts.ingest.publishers import vindr

TABLES = {
    "labels": (
        "image_labels_train.csv",
        "*/image_labels_train.csv",
        "*/*/image_labels_train.csv",
    ),
}
OPTIONAL = {
    "test_labels": (
        "image_labels_test.csv",
        "*/image_labels_test.csv",
        "*/*/image_labels_test.csv",
    ),
}
WORDS = {
    "No finding": "no_finding",
    "Bronchitis": "bronchitis",
    "Brocho-pneumonia": "bronchopneumonia",
    "Broncho-pneumonia": "bronchopneumonia",
    "Bronchiolitis": "bronchiolitis",
    "Situs inversus": "situs_inversus",
    "Pneumonia": "pneumonia",
    "Pleuro-pneumonia": "pleuropneumonia",
    "Diagphramatic hernia": "diaphragmatic_hernia",
    "Diaphragmatic hernia": "diaphragmatic_hernia",
    "Tuberculosis": "tuberculosis",
    "Congenital emphysema": "congenital_emphysema",
    "CPAM": "cpam",
    "Hyaline membrane disease": "hyaline_membrane_disease",
    "Mediastinal tumor": "mediastinal_tumor",
    "Lung tumor": "lung_tumor",
    "Other disease": "other_disease",
    "Other diseases": "other_disease",
}
EXPECTED = {"images": 9_125}
SPLITS = {
    "image_labels_train.csv": "train",
    "image_labels_test.csv": "test",
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

"""VinDr-PCXR (PediCXR): chest radiographs of children under ten, from Vietnam.

Pham et al. 2023, "PediCXR: An open, large-scale chest radiograph dataset for
interpretation of common thoracic diseases in children", Scientific Data 10:240,
https://doi.org/10.1038/s41597-023-02102-5. PhysioNet, restricted access: its data use
agreement, https://physionet.org/content/vindr-pcxr/; not to be passed on.

7,728 training and 1,397 test pictures, 15 diseases at image level. Each was read by
one of three radiologists, so there is nothing to vote on; were there several rows for
a picture, they would be, as in `vindr_cxr`.

- All are children: with `paediatric` among the excluded, nearly nothing is left where
  headers tell the age. Pooled with adults, age is a shortcut.
- No patient ids exist, in tables or headers: each picture counts as a patient of its
  own.
- The publisher writes `Brocho-pneumonia` and `Diagphramatic hernia`, and `rad_ID` in
  one table where the other has `rad_id`. Files are called `.dicom`.
- Headers do not tell the view; the publisher says that all are PA.
- Nine of the diseases have fewer than 20 pictures.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from workflow_scripts.ingest.answers import needed
from workflow_scripts.ingest.datasets import SAID, Facts, Source
from workflow_scripts.ingest.label_table import column, read_table
from workflow_scripts.ingest.listing import as_facts, files_of
from workflow_scripts.ingest.votes import marks, polled

TABLES = {
    "image_labels_train.csv": (
        "image_labels_train.csv",
        "*/image_labels_train.csv",
        "*/*/image_labels_train.csv",
    ),
}
OPTIONAL = {
    "image_labels_test.csv": (
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
EXPECTED = {"images": 9125}
SPLITS = {"image_labels_train.csv": "train", "image_labels_test.csv": "test"}
IDS = ("image_id", "rad_id", "rad_ID")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a user may choose."""

    readers: str = "majority"  # majority, any or all must see a finding


def facts(source: Source) -> Facts:
    """Return the name, the view and the official split of each picture.

    Raises:
        InputError: if a table is damaged, or lists none of the files.
    """
    names = [
        pd.DataFrame(
            {
                "picture": column(table, IDS[0], path),
                "official_split": SPLITS[path.name],
            }
        )
        for path, table in _tables(source)
    ]
    known = pd.concat(names).drop_duplicates("picture")
    known = known.merge(files_of(known["picture"], source), on="picture")
    known = known.assign(image_name=known["picture"], view_position="PA")
    return Facts(frame=as_facts(known), patients="nobody")


def said(source: Source) -> pd.DataFrame:
    """Return the diseases that the radiologist sees.

    Raises:
        InputError: as `facts` does, and if a cell or an option is odd.
    """
    readers = Options(**source.options).readers
    found = [
        polled(marks(table, WORDS, IDS, path), readers, path.name)
        for path, table in _tables(source)
    ]
    whole = pd.concat(found)
    whole = whole.merge(files_of(whole["picture"], source), on="picture")
    return whole[list(SAID.columns)]


def _tables(source: Source) -> Iterator[tuple[Path, pd.DataFrame]]:
    needed(source, TABLES["image_labels_train.csv"])
    for name in SPLITS:
        if path := source.table((name,)):
            yield path, read_table(path)

"""VinDr-CXR: chest radiographs of two hospitals in Hanoi, read by radiologists.

Nguyen et al. 2022, "VinDr-CXR: An open dataset of chest X-rays with radiologist's
annotations", Scientific Data 9:429, https://doi.org/10.1038/s41597-022-01498-w. Two
releases hold the same training pictures: PhysioNet's (credentialed access, its data
use agreement: https://physionet.org/content/vindr-cxr/) and the Kaggle challenge
VinBigData's (competition rules). Neither may be passed on.

15,000 training pictures, each seen by 3 of 17 radiologists, and 3,000 test pictures of
which 5 agreed on one reading. On Kaggle the test pictures are 3,000 others, without
labels, and the readers' 14 boxed findings are all that is told.

- One row for each reader, so a label is a vote: `options: {readers: any}`. Of 15,000,
  121 have consolidation by majority, 353 by any reader, 31 by all three.
- No patient ids exist in either release, so each picture counts as a patient of its
  own: intervals are over pictures, and two pictures of one person may be parted.
- Files are called `.dicom`; 541 of the 3,000 test pictures are MONOCHROME1; headers do
  not tell the view, the publisher does: all are PA.
- Some tables say `Other disease`, some `Other diseases`.
- Kaggle: class 14 is `No finding`; a picture has as many rows as boxes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from workflow_scripts.ingest.answers import needed
from workflow_scripts.ingest.datasets import SAID, Facts, Source
from workflow_scripts.ingest.label_table import column, read_table
from workflow_scripts.ingest.listing import as_facts, files_of
from workflow_scripts.ingest.votes import log, marks, polled

TABLES = {
    "image_labels_train.csv": (
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
    "image_labels_test.csv": (
        "image_labels_test.csv",
        "annotations/image_labels_test.csv",
        "*/annotations/image_labels_test.csv",
    ),
    "sample_submission.csv": ("sample_submission.csv", "*/sample_submission.csv"),
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
EXPECTED = {"images": 18000}
SPLITS = {  # the tables in use, and the publisher's part that each is about
    "image_labels_train.csv": "train",
    "train.csv": "train",
    "image_labels_test.csv": "test",
    "sample_submission.csv": None,  # only says which pictures there are
}
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
        pd.DataFrame({"picture": pictures, "official_split": SPLITS[path.name]})
        for path, _, pictures in _tables(source)
    ]
    known = pd.concat(names).drop_duplicates("picture")
    known = known.merge(files_of(known["picture"], source), on="picture")
    known = known.assign(image_name=known["picture"], view_position="PA")
    return Facts(frame=as_facts(known), patients="nobody")


def said(source: Source) -> pd.DataFrame:
    """Return what the readers see, as many as `options` asks for.

    Raises:
        InputError: as `facts` does, and if a cell or an option is odd.
    """
    readers = Options(**source.options).readers
    found = [
        polled(_marked(table, path), readers, path.name)
        for path, table, _ in _tables(source)
        if SPLITS[path.name]
    ]
    whole = pd.concat(found)
    whole = whole.merge(files_of(whole["picture"], source), on="picture")
    return whole[list(SAID.columns)]


def _tables(
    source: Source,
) -> "Iterator[tuple[Path, pd.DataFrame, pd.Series[str]]]":
    """Give each table of ours, its rows, and the picture of each row."""
    needed(source, TABLES["image_labels_train.csv"])
    for name in SPLITS:
        if path := source.table((name,)):
            table = read_table(path)
            yield path, table, column(table, IDS[0], path)


def _marked(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return what each reader marked on each picture."""
    if "class_name" not in table.columns:
        return marks(table, WORDS, IDS, path)
    known = table["class_name"].map(WORDS)
    if strange := int(known.isna().sum()):
        log.warning("%s: %d rows hold unknown words, left out", path.name, strange)
    pair = [column(table, IDS[0], path), column(table, IDS[1], path)]
    seen = pd.crosstab(pair, known).clip(upper=1).astype("float64")
    seen = seen.reindex(
        pd.MultiIndex.from_frame(pd.concat(pair, axis="columns")).unique()
    )
    return seen.fillna(0.0).droplevel(1)

"""SIIM-ACR Pneumothorax Segmentation 2019: NIH pictures, outlined by radiologists.

Filice et al. 2020, "Crowdsourcing pneumothorax annotations using machine learning
annotations on the NIH chest X-ray dataset", Journal of Digital Imaging 33:490,
https://doi.org/10.1007/s10278-019-00299-9;
https://www.kaggle.com/c/siim-acr-pneumothorax-segmentation; a mirror as PNG, with
masks: kaggle.com/datasets/vbookshelf/pneumothorax-chest-xray-images-and-masks.
Competition rules.

12,047 labelled pictures, 2,669 with pneumothorax, in `train-rle.csv` or Kaggle's later
`stage_2_train.csv`; the mirror's two tables say the same. Kaggle's test pictures of the
second stage have no labels.

Traps:
    No patient is told. The header's Patient ID is taken to be one for each picture, as
    in RSNA's files, which were made in the same way: it is not used, and each picture
    counts as a patient of its own. NIH's people have several pictures, and stand in
    several parts of the data at once, here and in `nih_cxr14`.
    The column is called ` EncodedPixels`, and `-1` or ` -1` means no pneumothorax.
    A picture has one row for each outline (624 have several).
    Files lie in study/series/ImageId.dcm; `stage_2_images` is flat. Those in
    `dicom-images-test` are the test part where a table labels them.
    The mirror's masks have the names of its pictures and would pass for radiographs.
"""

import logging

import pandas as pd

from workflow_scripts.ingest.datasets import SAID, Facts, Source
from workflow_scripts.ingest.publishers import answers
from workflow_scripts.ingest.publishers.label_table import column, read_table, values

TABLES = {
    "labels": (
        "stage_2_train.csv",
        "*/stage_2_train.csv",
        "train-rle.csv",
        "*/train-rle.csv",
        "stage_1_train_images.csv",
        "*/stage_1_train_images.csv",
    ),
}
OPTIONAL = {
    "test_labels": (
        "stage_1_test_images.csv",
        "*/stage_1_test_images.csv",
    ),
}
WORDS = {"EncodedPixels": "pneumothorax", "has_pneumo": "pneumothorax"}
EXPECTED = {"images": 12_047}
SITE = "nih_clinical_center"
MASKS = ("png_masks", "*/png_masks", "*/*/png_masks")

TEST_FOLDER = r"(?:^|/)dicom-images-test/"

log = logging.getLogger(__name__)


def facts(source: Source) -> Facts:
    """Return the name and the official split of each labelled picture.

    Raises:
        InputError: if a table is damaged or lists none of the files.
    """
    log.warning(
        "siim_pneumothorax: people stand in several parts of the data at once, for "
        "nothing tells who they are"
    )
    rows = _rows(source).drop_duplicates("file_id")
    paths = source.files.set_index("file_id")["path"]
    test = rows["file_id"].map(paths).str.contains(TEST_FOLDER)
    frame = answers.facts(
        rows["file_id"],
        "tables",
        image_name=rows["image_name"],
        official_split=rows["part"].mask(test, "test"),
    )
    return Facts(frame=frame, patients="nobody")


def said(source: Source) -> pd.DataFrame:
    """Return whether there is a pneumothorax on each picture.

    Raises:
        InputError: as `facts` does, and if a cell is odd.
    """
    once = _rows(source).groupby("file_id", as_index=False)[["value", "source"]].max()
    return once.assign(finding="pneumothorax")[list(SAID.columns)]


def _rows(source: Source) -> pd.DataFrame:
    """Return what each row of the tables tells, and the `file_id` of its picture."""
    answers.needed(source, TABLES["labels"])
    found = []
    for path in source.tables:
        table = read_table(path)
        name = column(table, "ImageId", path)
        mirror = "new_filename" in table.columns
        cells = column(table, "has_pneumo" if mirror else "EncodedPixels", path)
        rows = pd.DataFrame(
            {
                "picture": table["new_filename"] if mirror else name,
                "image_name": name,
                "part": "test" if "_test_" in path.name else "train",
                "value": values(cells, path) if mirror else _outlined(cells),
                "source": path.name,
            }
        )
        found.append(rows)
    return answers.of_pictures(pd.concat(found, ignore_index=True), source)


def _outlined(cells: "pd.Series[str]") -> "pd.Series[float]":
    """Return 1 where there are runs of pixels, 0 for -1, NaN for a blank."""
    return (cells != "-1").astype("float64").where(cells != "")

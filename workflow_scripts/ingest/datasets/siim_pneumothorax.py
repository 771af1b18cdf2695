"""SIIM-ACR Pneumothorax Segmentation 2019: NIH pictures, outlined by radiologists.

Filice et al. 2020, "Crowdsourcing pneumothorax annotations using machine learning
annotations on the NIH chest X-ray dataset", Journal of Digital Imaging 33:490,
https://doi.org/10.1007/s10278-019-00299-9. Kaggle, competition rules:
kaggle.com/c/siim-acr-pneumothorax-segmentation; a mirror as PNG, with masks, is
kaggle.com/datasets/vbookshelf/pneumothorax-chest-xray-images-and-masks

12,047 labelled pictures, 2,669 with pneumothorax, in `train-rle.csv` or Kaggle's later
`stage_2_train.csv`; the mirror's two tables say the same. Kaggle's test pictures of the
second stage have no labels.

- No patient is told. The header's Patient ID is taken to be one for each picture, as in
  RSNA's files, which were made in the same way; so it is not used, and each picture
  counts as a patient of its own. NIH's people have several pictures, so they stand in
  several parts of the data at once, here and in `nih_cxr14`.
- The column is called ` EncodedPixels`, and `-1` or ` -1` means no pneumothorax.
- A picture has one row for each outline (624 have several).
- Files lie in study/series/ImageId.dcm; `stage_2_images` is flat.
- Files in `dicom-images-test` are the test part where a table labels them.
- The mirror's masks have the names of its pictures and would pass for radiographs: the
  folder `png_masks` must lie elsewhere.
"""

from pathlib import PurePosixPath

import pandas as pd

from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.answers import needed
from workflow_scripts.ingest.datasets import SAID, Facts, Source
from workflow_scripts.ingest.label_table import column, read_table, values
from workflow_scripts.ingest.listing import as_facts, files_of, log
from workflow_scripts.ingest.matching import by_stem

TABLES = {
    "train-rle.csv": (
        "stage_2_train.csv",
        "*/stage_2_train.csv",
        "train-rle.csv",
        "*/train-rle.csv",
        "stage_1_train_images.csv",
        "*/stage_1_train_images.csv",
    ),
}
OPTIONAL = {
    "stage_1_test_images.csv": (
        "stage_1_test_images.csv",
        "*/stage_1_test_images.csv",
    ),
}
WORDS = {"EncodedPixels": "pneumothorax", "has_pneumo": "pneumothorax"}
EXPECTED = {"images": 12047}
SITE = "nih"
MASKS = "png_masks"
TEST_FOLDER = "dicom-images-test"


def facts(source: Source) -> Facts:
    """Return the name and the official split of each labelled picture.

    Raises:
        InputError: if a table is damaged or lists none of the files, or if masks lie
            among them.
    """
    parts = source.files["path"].map(lambda path: PurePosixPath(path).parts)
    if masks := sum(MASKS in part for part in parts):
        raise InputError(
            f"siim_pneumothorax: {masks} files in {MASKS} would pass for radiographs; "
            "move that folder out of the root"
        )
    log.warning(
        "siim_pneumothorax: people stand in several parts of the data at once, for "
        "nothing tells who they are"
    )
    known = _matched(_rows(source), source).drop_duplicates("file_id")
    folders = pd.Series(parts.to_numpy(), index=source.files["file_id"])
    test = known["file_id"].map(folders).map(lambda part: TEST_FOLDER in part)
    known["official_split"] = known["part"].mask(test, "test")
    known = known.rename(columns={"picture": "image_name"})
    return Facts(frame=as_facts(known), patients="nobody")


def said(source: Source) -> pd.DataFrame:
    """Return whether there is a pneumothorax on each picture.

    Raises:
        InputError: as `facts` does, and if a cell is odd.
    """
    rows = _matched(_rows(source), source)
    once = rows.groupby("file_id", as_index=False)[["value", "source"]].max()
    return once.assign(finding="pneumothorax")[list(SAID.columns)]


def _rows(source: Source) -> pd.DataFrame:
    """Return picture, file, part, value and source of each row of the tables."""
    needed(source, TABLES["train-rle.csv"])
    found = []
    for path in source.tables:
        table = read_table(path)
        picture = column(table, "ImageId", path)
        mirror = "new_filename" in table.columns
        cells = column(table, "has_pneumo" if mirror else "EncodedPixels", path)
        rows = pd.DataFrame(
            {
                "picture": picture,
                "file": table["new_filename"] if mirror else picture,
                "part": "test" if "_test_" in path.name else "train",
                "value": values(cells, path) if mirror else _outlined(cells),
                "source": path.name,
            }
        )
        found.append(rows)
    return pd.concat(found, ignore_index=True)


def _matched(rows: pd.DataFrame, source: Source) -> pd.DataFrame:
    files = files_of(rows["file"], source, by_stem)
    return rows.merge(files.rename(columns={"picture": "file"}), on="file")


def _outlined(cells: "pd.Series[str]") -> "pd.Series[float]":
    """Return 1 where there are runs of pixels, 0 for -1, NaN for a blank."""
    return (cells != "-1").astype("float64").where(cells != "")

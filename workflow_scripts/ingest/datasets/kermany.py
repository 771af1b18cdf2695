"""Kermany's chest radiographs of children: pneumonia, bacterial or viral.

Kermany et al. 2018, "Identifying medical diagnoses and treatable diseases by
image-based deep learning", Cell 172(5):1122,
https://doi.org/10.1016/j.cell.2018.02.010; https://doi.org/10.17632/rscbjbr9sj, often
taken from Kaggle (paultimothymooney/chest-xray-pneumonia). CC BY 4.0.

5,856 AP images (JPEG of many sizes, some saved as colour) of children of one to five
years, from Guangzhou: 1,583 normal, 2,780 bacterial and 1,493 viral pneumonia, as two
readers saw (a third read the test part). Test: 234 normal, 390 pneumonia.

Traps:
    All are children, of unknown single ages: pooled with adults, age gives the label
    away.
    The publisher has train and test; Kaggle took 16 images out of train as val, which
    validate nothing and may show train's children. They are given back, unless
    `merge_validation` is off, and validation is drawn by patient.
    Patients are numbers in file names, which start anew in test and mean others among
    the normal: a patient here is part, class and number. A number that has bacterial
    and viral images stays one patient, as two of one would leak.
    About 30 images are there twice. Kaggle nests `chest_xray/chest_xray`, with the
    whole set again, and `__MACOSX` with `._` files.
"""

import logging
from dataclasses import dataclass

import pandas as pd

from workflow_scripts.ingest.datasets import Facts, Source
from workflow_scripts.ingest.publishers import answers
from workflow_scripts.ingest.publishers.label_table import SPLITS

TABLES: dict[str, tuple[str, ...]] = {}
WORDS = {
    "NORMAL": "no_finding",
    "PNEUMONIA": "pneumonia",
    "bacteria": "bacterial_pneumonia",
    "virus": "viral_pneumonia",
}
EXPECTED = {"images": 5_856}

NAME = (
    r"(?:^|/)(?P<name>(?P<part>train|val|test)/(?P<word>NORMAL|PNEUMONIA)/"
    r"(?P<patient>(?:NORMAL2-)?IM-\d+|person\d+)"
    r"(?:_(?P<germ>[a-z]+))?[-_\d]*\.(?i:jpe?g|png))$"
)
EXAMPLE = "train/NORMAL/IM-0001-0001.jpeg"
TOO_FEW = 30  # images; fewer validate nothing

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a user may choose."""

    merge_validation: bool = True  # give Kaggle's 16 images of val back to train


def facts(source: Source) -> Facts:
    """Return the children behind the pictures, and the official parts.

    Raises:
        InputError: if no file lies and is called as in this set.
    """
    options = Options(**source.options)
    files = answers.named(source, NAME, EXAMPLE)
    few = files["name"][files["part"] == "val"].nunique()
    if few and options.merge_validation:
        log.info("validation: %d images of val count as train, as published", few)
    elif 0 < few < TOO_FEW:
        log.warning("validation: %d images of val validate nothing", few)
    drawn_from = files["part"].replace("val", "train")
    part = drawn_from if options.merge_validation else files["part"]
    frame = answers.facts(
        files["file_id"],
        "file names",
        image_name=files["name"],
        patient=drawn_from + "/" + files["word"] + "/" + files["patient"],
        view_position="AP",
        official_split=part.map(SPLITS),
    )
    return Facts(frame=frame, patients="table")


def said(source: Source) -> pd.DataFrame:
    """Return what folder and name of each picture tell.

    Raises:
        InputError: as `facts` does.
    """
    files = answers.named(source, NAME, EXAMPLE)
    germs = {word: ours for word, ours in WORDS.items() if word.islower()}
    folders = {word: ours for word, ours in WORDS.items() if word not in germs}
    germ = files["germ"].where(files["germ"].isin(list(germs)))
    untold = (files["word"] == "PNEUMONIA") & germ.isna()
    if odd := int(untold.sum()):
        log.warning("file names: %d of pneumonia tell no germ that is known", odd)
    by_folder = answers.listed(files["word"], folders)
    by_name = answers.listed(germ, germs).mask(untold)
    return pd.concat(
        [
            answers.said(files["file_id"], by_folder, "folder name"),
            answers.said(files["file_id"], by_name, "file name"),
        ]
    )

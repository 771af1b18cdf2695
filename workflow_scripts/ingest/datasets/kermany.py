"""Kermany's chest radiographs of children: pneumonia, bacterial or viral.

Kermany et al. 2018, "Identifying medical diagnoses and treatable diseases by
image-based deep learning", Cell 172(5):1122-1131,
https://doi.org/10.1016/j.cell.2018.02.010. Data: https://doi.org/10.17632/rscbjbr9sj,
CC BY 4.0; often from Kaggle (paultimothymooney/chest-xray-pneumonia).

5,856 AP images (JPEG of many sizes, some saved as colour) of children of one to five
years, from Guangzhou: 1,583 normal, 2,780 bacterial and 1,493 viral pneumonia, as two
readers saw (a third read the test part). Test: 234 normal, 390 pneumonia.

Traps: all are children, of unknown single ages: pooled with adults, age gives the label
away. The publisher has train and test; Kaggle took 16 images out of train as val, which
validate nothing and may show train's children. So we give them back, unless
`merge_validation` is off, and validation is drawn by patient. Patients are numbers in
file names, which start anew in test, and mean others among the normal: ours are part,
class and number; where one number has bacterial and viral images we keep it one
patient, as two of one would leak. About 30 images are there twice. Kaggle nests
`chest_xray/chest_xray`, with the whole set again, and `__MACOSX` with `._` files.
"""

import logging
from dataclasses import dataclass

import pandas as pd

from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.datasets import FACTS, Facts, Source
from workflow_scripts.ingest.label_table import SPLITS

TABLES: dict[str, tuple[str, ...]] = {}
WORDS: dict[str, str] = {
    "NORMAL": "no_finding",
    "PNEUMONIA": "pneumonia",
    "bacteria": "bacterial_pneumonia",
    "virus": "viral_pneumonia",
}
EXPECTED: dict[str, int] = {"images": 5856}

NAME = (
    r"(?:^|/)(?P<name>(?P<part>train|val|test)/(?P<word>NORMAL|PNEUMONIA)/"
    r"(?P<patient>(?:NORMAL2-)?IM-\d+|person\d+)"
    r"(?:_(?P<germ>[a-z]+))?[-_\d]*\.(?i:jpe?g|png))$"
)
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
    files = _pictures(source)
    few = files["name"][files["part"] == "val"].nunique()
    if few and options.merge_validation:
        log.info("validation: %d images of val count as train, as published", few)
    elif 0 < few < TOO_FEW:
        log.warning("validation: %d images of val validate nothing", few)
    drawn_from = files["part"].replace("val", "train")
    part = drawn_from if options.merge_validation else files["part"]
    known = files.assign(
        image_name=files["name"],
        patient=drawn_from + "/" + files["word"] + "/" + files["patient"],
        view_position="AP",
        official_split=part.map(SPLITS),
    )
    return Facts(frame=known.reindex(columns=list(FACTS.columns)), patients="table")


def said(source: Source) -> pd.DataFrame:
    """Return what folder and name of each picture tell.

    Raises:
        InputError: as `facts` does.
    """
    files = _pictures(source)
    ill = files["word"] == "PNEUMONIA"
    known = files["germ"].isin(list(WORDS))
    if odd := int((ill & ~known).sum()):
        log.warning("file name: %d of pneumonia tell no germ that we know", odd)
    frames = []
    for word, finding in WORDS.items():
        by_folder = word.isupper()
        value = (files["word" if by_folder else "germ"] == word).astype("float64")
        frame = files[["file_id"]].assign(
            finding=finding,
            value=value if by_folder else value.mask(ill & ~known),
            source="folder name" if by_folder else "file name",
        )
        frames.append(frame)
    return pd.concat(frames)


def _pictures(source: Source) -> pd.DataFrame:
    """Return what path and name of each picture tell.

    Columns: `file_id`, `name` (below the set's folder), `part`, `word`, `patient` and
    `germ` ("" if not told).
    """
    told = source.files["path"].str.extract(NAME)
    told["germ"] = told["germ"].fillna("")
    files = source.files[["file_id"]].join(told).dropna(subset="name")
    if files.empty:
        raise InputError(
            "kermany: no file below the root lies in train/NORMAL or alike"
        )
    return files

"""Decide which pictures are copies of one another, and which of them is kept.

Every function takes the joined files, one row each, and gives a copy with new reasons
for those that were still `ok`. No outcome depends on the order of the rows.
"""

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from workflow_scripts.core import near
from workflow_scripts.ingest.identity import refuse, spread


def settle(files: pd.DataFrame) -> pd.DataFrame:
    """Refuse pictures that stand for another, or for nobody can say whom.

    Of copies the one whose patient is known is kept, then the one with a row in the
    label table, the largest, the smallest file_id. A picture whose patient nobody tells
    (`patient_id` equals `image_id`) is held against nobody.
    """
    ok = files[files["reason"] == "ok"]
    pixels = ok.groupby("image_id")["pixels_sha256"].transform("nunique")
    files = refuse(files, spread(pixels > 1, files), "uid_reused")
    ok = files[files["reason"] == "ok"]
    people = _owner(ok).groupby(ok["pixels_sha256"]).transform("nunique")
    files = refuse(files, spread(people > 1, files), "same_pixels_two_patients")
    ok = files[files["reason"] == "ok"]
    tags = ok["photometric"].where(ok["photometric"] != "raster")
    shown = tags.groupby(ok["pixels_sha256"]).transform("nunique")
    files = refuse(files, spread(shown > 1, files), "copies_disagree")
    ok = _best_first(files)
    files = refuse(files, spread(ok.duplicated("pixels_sha256"), files), "duplicate")
    return _settle_near(files)


def _owner(ok: pd.DataFrame) -> "pd.Series[str]":
    """Return whose each picture is, missing where nobody tells."""
    return ok["patient_id"].mask(ok["patient_id"] == ok["image_id"])


def _best_first(files: pd.DataFrame) -> pd.DataFrame:
    ok = files[files["reason"] == "ok"]
    ok = ok.assign(
        nobody=_owner(ok).isna(),
        silent=~ok["in_table"],
        smallness=-ok["rows"] * ok["columns"],
    )
    return ok.sort_values(["nobody", "silent", "smallness", "file_id"])


def _settle_near(files: pd.DataFrame) -> pd.DataFrame:
    """Settle pictures that are one but for coding, size or brightness."""
    ok = _best_first(files)
    pairs = near.pairs(ok["fingerprint"].fillna("").tolist())
    links = coo_array(
        (np.ones(len(pairs)), (pairs["first"], pairs["second"])), (len(ok), len(ok))
    )
    group = pd.Series(connected_components(links, directed=False)[1], index=ok.index)
    people = _owner(ok).groupby(group).transform("nunique")
    files = refuse(files, spread(people > 1, files), "near_copy_two_patients")
    return refuse(files, spread(group.duplicated(), files), "near_copy")

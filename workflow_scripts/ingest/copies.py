"""Decide which pictures are copies of one another, and which of them is kept.

Every function takes the joined files, one row each, and gives a copy with new reasons
for those that were still `ok`. No outcome depends on the order of the rows.
"""

import pandas as pd

from workflow_scripts.ingest import near
from workflow_scripts.ingest.identity import refuse, spread


def settle(files: pd.DataFrame) -> pd.DataFrame:
    """Refuse pictures that stand for another, or for nobody can say whom.

    Of copies the one with a row in the label table is kept, then the largest, then the
    smallest file_id. Unknown patients (`patient_id` equals `image_id`) are not held
    against each other.
    """
    ok = files[files["reason"] == "ok"]
    pixels = ok.groupby("image_id")["pixels_sha256"].transform("nunique")
    files = refuse(files, spread(pixels > 1, files), "uid_reused")
    ok = files[files["reason"] == "ok"]
    owner = _owner(ok)
    people = owner.groupby(ok["pixels_sha256"]).transform("nunique")
    files = refuse(files, spread(people > 1, files), "same_pixels_two_patients")
    ok = files[files["reason"] == "ok"]
    shown = ok.groupby("pixels_sha256")["photometric"].transform("nunique")
    files = refuse(files, spread(shown > 1, files), "copies_disagree")
    ok = _best_first(files)
    files = refuse(files, spread(ok.duplicated("pixels_sha256"), files), "duplicate")
    return _settle_near(files)


def _owner(ok: pd.DataFrame) -> "pd.Series[str]":
    return ok["patient_id"].mask(ok["patient_id"] == ok["image_id"], "unknown")


def _best_first(files: pd.DataFrame) -> pd.DataFrame:
    ok = files[files["reason"] == "ok"]
    ok = ok.assign(silent=~ok["in_table"], smallness=-ok["rows"] * ok["columns"])
    return ok.sort_values(["silent", "smallness", "file_id"])


def _settle_near(files: pd.DataFrame) -> pd.DataFrame:
    """Settle pictures that are one but for coding, size or brightness."""
    ok = _best_first(files)
    pairs = near.pairs(ok["fingerprint"].fillna("").tolist())
    owner = _owner(ok).reset_index(drop=True)
    first, second = pairs["first"].to_numpy(), pairs["second"].to_numpy()
    strange = owner.to_numpy()[first] != owner.to_numpy()[second]
    two = ok.index[sorted({*first[strange], *second[strange]})]
    files = refuse(files, _which(two, files), "near_copy_two_patients")
    # of each group the best is kept: the pairs hold the better one first
    later = [max(one, two) for one, two in zip(first, second, strict=True)]
    return refuse(files, _which(ok.index[sorted(set(later))], files), "near_copy")


def _which(rows: "pd.Index[int]", files: pd.DataFrame) -> "pd.Series[bool]":
    return pd.Series(files.index.isin(rows), index=files.index)

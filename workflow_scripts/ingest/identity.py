"""Decide who each picture is of, and which pictures are copies of one another.

Every function takes the joined files, one row each, and gives a copy with new reasons
for those that were still `ok`. No outcome depends on the order of the rows.
"""

import logging

import pandas as pd

from workflow_scripts.ingest import person
from workflow_scripts.ingest.pseudonym import PADDING, Pseudonyms

log = logging.getLogger(__name__)


def refuse(files: pd.DataFrame, which: "pd.Series[bool]", reason: str) -> pd.DataFrame:
    """Return `files` with `reason` where `which`, but only where it was `ok`."""
    ours = which.fillna(value=False).astype(bool) & (files["reason"] == "ok")
    return files.assign(reason=files["reason"].mask(ours, reason))


def name_patients(
    files: pd.DataFrame, pseudonyms: Pseudonyms, *, known: bool
) -> pd.DataFrame:
    """Give each picture its patient.

    Args:
        files: `patient` (what the header tells), `patient_id` (from the header),
            `table_patient` (raw, from the label table; dropped here).
        pseudonyms: of the site.
        known: False if every image counts as its own patient.

    Returns:
        Files whose patient nobody tells are refused.
    """
    raw = files["table_patient"].fillna("").astype(str).str.strip(PADDING)
    files = files.drop(columns="table_patient")
    if not known:
        return files.assign(patient_id=files["image_id"])
    bare = files["patient_id"].isna() & (raw != "")
    empty = raw.map(person.placeholder)
    named = raw[bare & ~empty].map(lambda one: pseudonyms.of("patient", one))
    files = files.assign(patient_id=files["patient_id"].fillna(named.astype("string")))
    nobody = files["patient_id"].isna()
    placeholder = (files["patient"] == "placeholder") | (bare & empty)
    files = refuse(files, nobody & placeholder, "patient_id_placeholder")
    return refuse(files, nobody, "patient_id_missing")


def decide_views(files: pd.DataFrame, views: str) -> pd.DataFrame:
    """Refuse lateral views, and DICOM files of unknown view, where they are unwanted.

    A PNG or JPEG file of unknown view is taken: most public sets hold frontal ones.
    """
    if views == "any":
        return files
    position = files["view_position"]
    files = refuse(files, position.isin(list(person.NOT_FRONTAL)), "lateral")
    return refuse(files, position.isna() & ~_raster(files), "view_unknown")


def _raster(files: pd.DataFrame) -> "pd.Series[bool]":
    return files["transfer_syntax"].isin(["png", "jpeg"])


def settle_copies(files: pd.DataFrame) -> pd.DataFrame:
    """Refuse pictures that stand for another, or for nobody can say whom.

    Of copies the one with a row in the label table is kept, then the smallest file_id.
    Unknown patients (`patient_id` equals `image_id`) are not held against each other.
    """
    ok = files[files["reason"] == "ok"]
    pixels = ok.groupby("image_id")["pixels_sha256"].transform("nunique")
    files = refuse(files, _spread(pixels > 1, files), "uid_reused")
    ok = files[files["reason"] == "ok"]
    owner = ok["patient_id"].mask(ok["patient_id"] == ok["image_id"], "unknown")
    people = owner.groupby(ok["pixels_sha256"]).transform("nunique")
    files = refuse(files, _spread(people > 1, files), "same_pixels_two_patients")
    ok = files[files["reason"] == "ok"]
    shown = ok.groupby("pixels_sha256")["photometric"].transform("nunique")
    files = refuse(files, _spread(shown > 1, files), "copies_disagree")
    ok = files[files["reason"] == "ok"].assign(silent=~files["in_table"])
    ok = ok.sort_values(["silent", "file_id"])
    return refuse(files, _spread(ok.duplicated("pixels_sha256"), files), "duplicate")


def _spread(which: "pd.Series[bool]", files: pd.DataFrame) -> "pd.Series[bool]":
    return which.reindex(files.index, fill_value=False)


def warn_of_lone_patients(files: pd.DataFrame) -> None:
    """Say so if every accepted image has a patient of its own."""
    ok = files[files["reason"] == "ok"]
    if len(ok) > 1 and ok["patient_id"].is_unique:
        log.warning("patients: each of %d images has a patient of its own", len(ok))

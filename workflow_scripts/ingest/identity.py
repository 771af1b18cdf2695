"""Decide who each picture is of, and whether it is wanted.

Every function takes the joined files, one row each, and gives a copy with new reasons
for those that were still `ok`. No outcome depends on the order of the rows.
"""

import logging

import pandas as pd

from workflow_scripts.ingest import person
from workflow_scripts.ingest.described import RASTER
from workflow_scripts.ingest.pseudonym import PADDING, Pseudonyms
from workflow_scripts.ingest.scope import ADULT

log = logging.getLogger(__name__)


def refuse(files: pd.DataFrame, which: "pd.Series[bool]", reason: str) -> pd.DataFrame:
    """Return `files` with `reason` where `which`, but only where it was `ok`."""
    ours = which.fillna(value=False).astype(bool) & (files["reason"] == "ok")
    return files.assign(reason=files["reason"].mask(ours, reason))


def spread(which: "pd.Series[bool]", files: pd.DataFrame) -> "pd.Series[bool]":
    """Return a mask over some of the files as one over all of them."""
    return which.reindex(files.index, fill_value=False)


def name_patients(
    files: pd.DataFrame, pseudonyms: Pseudonyms, source: str
) -> pd.DataFrame:
    """Give each picture its patient.

    Args:
        files: `patient` (what the header tells), `patient_id`, `patient_number` and
            `has_issuer` (from the header), `table_patient` (raw, from the publisher's
            table; dropped here).
        pseudonyms: of the site.
        source: header, table or nobody, as in `datasets.Facts`.

    Returns:
        Files whose patient nobody tells are refused. A PNG or JPEG file has no header:
        where no table names patients either, each counts as a patient of its own.
    """
    raw = files["table_patient"].fillna("").astype(str).str.strip(PADDING)
    files = files.drop(columns="table_patient")
    if source == "nobody":
        return files.assign(patient_id=files["image_id"])
    if source == "table":
        blank = dict.fromkeys(("patient_id", "patient_number", "has_issuer"))
        files = files.assign(**blank, patient="missing")
    bare = files["patient_id"].isna() & (raw != "")
    empty = raw.map(person.placeholder)
    named = raw[bare & ~empty].map(lambda one: pseudonyms.of("patient", one))
    number = raw[named.index].map(lambda one: pseudonyms.of("patient_number", one))
    files = files.assign(
        patient_id=files["patient_id"].fillna(named.astype("string")),
        patient_number=files["patient_number"].fillna(number.astype("string")),
        has_issuer=files["has_issuer"]
        .astype("boolean")
        .mask(bare & ~empty, other=False),
    )
    files = _with_issuer(files)
    if source == "header" and (raw == "").all():
        files = _on_their_own(files)
    nobody = files["patient_id"].isna()
    placeholder = (files["patient"] == "placeholder") | (bare & empty)
    files = refuse(files, nobody & placeholder, "patient_id_placeholder")
    return refuse(files, nobody, "patient_id_missing")


def _with_issuer(files: pd.DataFrame) -> pd.DataFrame:
    """Join ids without an issuer to the same number under the one issuer it has.

    An archive that filled in Issuer of Patient ID from some year on would otherwise
    show each patient twice, once in the training and once in the test split.
    """
    issued = files[files["has_issuer"].fillna(value=False).astype(bool)]
    if len(issued):
        log.warning(
            "patients: %d images name the issuer of the id; a dataset of the same site "
            "whose ids have none shows the same people under other pseudonyms",
            len(issued),
        )
    owners = issued.groupby("patient_number")["patient_id"].agg(["nunique", "first"])
    alone = files["has_issuer"].eq(other=False) & files["patient_number"].notna()
    joined = files["patient_number"].map(owners.loc[owners["nunique"] == 1, "first"])
    unclear = alone & files["patient_number"].isin(owners.index[owners["nunique"] > 1])
    if unclear.any():
        log.warning(
            "patients: %d images give a number that several issuers gave out, and no "
            "issuer; they count as another patient",
            int(unclear.sum()),
        )
    ours = alone & joined.notna()
    return files.assign(patient_id=files["patient_id"].mask(ours, joined))


def _on_their_own(files: pd.DataFrame) -> pd.DataFrame:
    lone = files["patient_id"].isna() & _raster(files)
    if lone.any():
        log.warning(
            "patients: %d PNG and JPEG files name no patient, and no table does; each "
            "counts as a patient of its own",
            int(lone.sum()),
        )
    return files.assign(patient_id=files["patient_id"].mask(lone, files["image_id"]))


def decide_scope(files: pd.DataFrame, exclude: list[str]) -> pd.DataFrame:
    """Refuse views and ages that are unwanted, now that tables had their say.

    A PNG or JPEG file of unknown view is taken: most public sets hold frontal ones.
    """
    if "paediatric" in exclude:
        files = refuse(files, files["age_years"] < ADULT, "paediatric")
    if "lateral" not in exclude:
        return files
    position = files["view_position"]
    files = refuse(files, position.isin(list(person.NOT_FRONTAL)), "lateral")
    return refuse(files, position.isna() & ~_raster(files), "view_unknown")


def _raster(files: pd.DataFrame) -> "pd.Series[bool]":
    return files["transfer_syntax"].isin(RASTER)


def warn_of_lone_patients(files: pd.DataFrame) -> None:
    """Say so if every accepted image has a patient of its own."""
    ok = files[files["reason"] == "ok"]
    if len(ok) > 1 and ok["patient_id"].is_unique:
        log.warning("patients: each of %d images has a patient of its own", len(ok))

"""Put each patient into one part of the data: train, validation or test."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables import Table
from workflow_scripts.core.tables.ingest import IMAGES, PATIENT_ID, STRATA
from workflow_scripts.core.tables.prepare import SPLIT, SPLITS
from workflow_scripts.prepare import memory
from workflow_scripts.prepare.chance import chance
from workflow_scripts.prepare.strata import stratified

# Raise it when who goes where is decided otherwise, here or in `strata`: all patients
# are then divided afresh.
VERSION = 1

DIVIDED = Table(
    name="remembered",
    meaning="the part of each patient who was ever divided",
    key=("patient_id",),
    columns={"patient_id": PATIENT_ID, "split": SPLIT},
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How patients are divided (config.yaml: ``prepare``)."""

    role: str  # labelled, external (all test) or unlabelled (all train)
    validation_share: float  # of the patients
    test_share: float
    seed: int


def main(*, images: Input, strata: Input, recipe: Recipe, splits: Output) -> None:
    """Read `images` and `strata`, write the part that each image belongs to."""
    known = IMAGES.read(images)
    if known.empty:
        raise InputError(
            "no image of this dataset was accepted; the log of ingest_gather counts "
            "the reasons (without patient ids: give labels.patient, or say "
            "`patients: unknown`)"
        )
    if recipe.role == "external":
        part = pd.Series("test", index=known["patient_id"].unique())
    elif recipe.role == "unlabelled":
        part = official(known).fillna("train")
    else:
        part = divided(official(known), STRATA.read(strata), recipe, splits)
    of_image = known["patient_id"].map(part)
    log.info("images: %s", of_image.value_counts().to_dict())
    SPLITS.write(known[["image_id"]].assign(split=of_image), splits)


def official(images: pd.DataFrame) -> pd.Series:
    """Return the part that the publisher gave each patient; missing without one.

    Raises:
        InputError: if the publisher's split cuts through a patient.
    """
    parts = images.groupby("patient_id")["official_split"]
    if cut := int(parts.nunique().gt(1).sum()):
        raise InputError(
            f"the official split cuts through {cut} patients; leave labels.split out "
            "to divide by patient instead"
        )
    return parts.first()


def divided(
    given: pd.Series, present: pd.DataFrame, recipe: Recipe, output: Path
) -> pd.Series:
    """Return the part of each patient.

    A test or validation part that the publisher gave is kept as it is. Those that are
    not given are drawn from the other patients, with their share of every finding;
    whoever was drawn before stays where they are.

    Args:
        given: the publisher's part of each patient, missing without one; by patient.
        present: the dataset's strata.
        recipe: shares and seed.
        output: what was drawn is remembered beside it.
    """
    shares = _to_draw(set(given.dropna()), recipe)
    if not shares:
        return given.fillna("train")
    settled = given[given.isin({"test", "validation"})]
    patients = given.index.difference(settled.index)
    path = memory.place(output, version=VERSION, shares=shares, seed=recipe.seed)
    before = memory.recall(DIVIDED, path).set_index("patient_id")["split"]
    has = _findings(present, patients)
    chances = [chance("split", recipe.seed, one) for one in patients.tolist()]
    drawn = stratified(pd.Series(chances, patients), has, before, shares)
    _tell(has, drawn, before)
    gone = before[before.index.difference(patients)]  # should they come back
    everyone = pd.concat([gone, drawn]).rename_axis("patient_id").rename("split")
    memory.keep(DIVIDED, everyone.reset_index(), path)
    part: pd.Series = pd.concat([settled, drawn])
    return part


def _to_draw(given: set[str], recipe: Recipe) -> dict[str, float]:
    """Return the shares of the parts that the publisher has not `given`."""
    shares = {"test": recipe.test_share, "validation": recipe.validation_share}
    shares = {part: share for part, share in shares.items() if part not in given}
    if sum(shares.values()) >= 1:
        raise InputError(
            "prepare: test_share and validation_share are 1 or more together; nobody "
            "is left to train on"
        )
    return shares


def _findings(present: pd.DataFrame, patients: pd.Index) -> pd.DataFrame:
    """Return which finding (column) each of the `patients` (row) has."""
    row = patients.get_indexer(pd.Index(present["patient_id"]))
    column, names = pd.factorize(present["finding"], sort=True)
    has = np.zeros((len(patients), len(names)), dtype=bool)
    has[row[row >= 0], column[row >= 0]] = True
    return pd.DataFrame(has, index=patients, columns=list(names))


def _tell(has: pd.DataFrame, part: pd.Series, before: pd.Series) -> None:
    """Log how many patients with each finding each part has, and what it lacks."""
    kept = int(part.index.isin(before.index).sum())
    log.info("patients: %d as before, %d new", kept, len(part) - kept)
    for finding in has:
        counts = part[has[finding]].value_counts().to_dict()
        log.info("patients with %s: %s", finding, counts)
        if len(counts) < part.nunique():
            log.warning("%s: not in every part of the data", finding)


if __name__ == "__main__":
    entry.run(main)

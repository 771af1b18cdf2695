"""Put each patient into one part of the data: train, validation or test."""

import logging
from dataclasses import dataclass

import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.ingest import IMAGES
from workflow_scripts.core.tables.prepare import SPLITS
from workflow_scripts.prepare.chance import chance

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How patients are divided (config.yaml: ``prepare``)."""

    role: str  # labelled, external (all test) or unlabelled (all train)
    validation_share: float  # of the patients
    test_share: float
    seed: int


def main(*, images: Input, recipe: Recipe, splits: Output) -> None:
    """Read `images`, write the part that each image belongs to."""
    known = IMAGES.read(images)
    if known.empty:
        raise InputError(
            "no image of this dataset was accepted; the log of ingest_gather counts "
            "the reasons (without patient ids: give labels.patient, or say "
            "`patients: unknown`)"
        )
    if recipe.role == "external":
        part = pd.Series("test", index=known.index)
    else:
        part = divided(known, recipe)
    log.info("images: %s", part.value_counts().to_dict())
    SPLITS.write(known[["image_id"]].assign(split=part), splits)


def divided(images: pd.DataFrame, recipe: Recipe) -> pd.Series:
    """Return the part of each image, so that a patient is in one part only.

    The publisher's split is kept. Patients without one are divided by a hash of their
    id, so that those already there stay where they are when others are added. Where
    the publisher gave no validation part, some training patients become it.

    Args:
        images: the dataset's images table.
        recipe: shares and role.

    Returns:
        train, validation or test for each row of `images`.

    Raises:
        InputError: if the publisher's split cuts through a patient.
    """
    official = images.groupby("patient_id")["official_split"]
    n_parts = official.agg(lambda parts: len(set(parts.dropna())))
    if cut := int((n_parts > 1).sum()):
        raise InputError(
            f"the official split cuts through {cut} patients; leave labels.split out "
            "to divide by patient instead"
        )
    given = official.first()
    drawn = {
        patient: _drawn(patient, recipe, official="test" in set(given.dropna()))
        for patient in given.index
    }
    chosen = pd.Series(drawn, dtype="string")
    if recipe.role == "unlabelled":
        chosen[:] = "train"
    elif "validation" not in set(given.dropna()):
        given = given.where(given != "train")  # drawn again, without a test part
    part = given.fillna(chosen)
    return images["patient_id"].map(part)


def _drawn(patient: str, recipe: Recipe, *, official: bool) -> str:
    """Draw a part for one patient; no test part where there is an `official` one."""
    test_share = 0.0 if official else recipe.test_share
    value = chance("split", recipe.seed, patient)
    if value < test_share:
        return "test"
    return "validation" if value < test_share + recipe.validation_share else "train"


if __name__ == "__main__":
    entry.run(main)

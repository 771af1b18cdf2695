"""What the classifiers of a task may learn from, and what chooses their settings."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.prepare import TARGETS
from workflow_scripts.finetune import kinds
from workflow_scripts.finetune.aligned import (
    images_of,
    masks_of,
    matrix,
    pixels_of,
    places_of,
)
from workflow_scripts.finetune.emphasis import balanced
from workflow_scripts.finetune.folds import folds
from workflow_scripts.finetune.kinds import Floats
from workflow_scripts.finetune.protocols import Asked, Images, Problem


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How classifiers are trained (config.yaml: ``tasks``, ``sweep``, ``finetune``)."""

    protocol: str
    options: dict[str, Any]
    kind: str
    findings: list[str]
    positive_weights: bool
    cross_validate_below: int  # labelled patients
    size_px: int
    seed: int


@dataclass(kw_only=True)
class Development:
    """The images of a task that are no test images."""

    known: pd.DataFrame  # dataset, image_id, patient_id, split
    images: Images
    asked: Asked
    targets: Floats


def development(
    targets: Path,
    files: tuple[Path, Path, Path],
    stores: list[Path],
    masks: list[Path],
    rows: Path,
    recipe: Recipe,
) -> Development:
    """Return all there is to learn from.

    Args:
        targets: table of the development targets.
        files: encoder, its card, and its features of the images.
        stores: of the one dataset that is learnt from.
        masks: in the same geometry; none unless the answer is a picture.
        rows: table of the store.
        recipe: of the run.
    """
    told = TARGETS.read(targets)
    known = images_of(told)
    name = str(known["dataset"].iloc[0])
    where = known, places_of([name], stores, [rows]), recipe.size_px
    drawn = known, places_of([name], masks, [rows]), recipe.size_px
    encoder, card, features = files
    return Development(
        known=known,
        images=Images(
            features=np.load(features, allow_pickle=False),
            read_pixels=partial(pixels_of, *where),
            read_masks=partial(masks_of, *drawn),
            encoder=encoder,
            card=card,
        ),
        asked=Asked(kind=kinds.load(recipe.kind), findings=recipe.findings),
        targets=matrix(told, known, recipe.findings),
    )


def problem_of(given: Development, drawn: pd.DataFrame, recipe: Recipe) -> Problem:
    """Return what the classifier of one draw may learn from.

    Few patients choose their settings among themselves: a patient then teaches in all
    folds but one, and judges in that one; no label of the validation split is there.

    Args:
        given: the images.
        drawn: patients whose labels may be used, columns patient_id, budget, draw.
        recipe: of the run.

    Raises:
        InputError: if there is one patient only, and nobody else to judge.
    """
    training = (given.known["split"] == "train").to_numpy()
    owned = given.known["patient_id"].isin(drawn["patient_id"]).to_numpy()
    labelled, validation = np.flatnonzero(training & owned), np.flatnonzero(~training)
    trials = []
    if len(drawn) < recipe.cross_validate_below:
        if len(drawn) < 2:
            raise InputError(
                f"sweep.labels: {drawn['budget'].iloc[0]} is one patient, and to "
                "choose settings without validation (sweep.cross_validate_below) "
                "takes two: ask for more"
            )
        patients = given.known["patient_id"].to_numpy(np.str_)[labelled]
        found = folds(patients, given.targets[labelled], recipe.seed)
        trials = [(labelled[taught], labelled[judged]) for taught, judged in found]
        validation = validation[:0]
    return Problem(
        images=given.images,
        asked=given.asked,
        targets=given.targets,
        labelled=labelled,
        validation=validation,
        training=np.flatnonzero(training),
        folds=trials,
        emphasis=balanced(given.targets[labelled]) if recipe.positive_weights else None,
    )

"""Rank encoders by a cheap linear probe on the validation split.

For choosing, not for claiming: whoever takes the best of several by these figures has
used the validation patients up. What the best is worth, the test split says. No test
row is read here.
"""

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.progress import progress
from workflow_scripts.core.tables.finetune import RANKING
from workflow_scripts.core.tables.prepare import TARGETS
from workflow_scripts.finetune.aligned import images_of, matrix
from workflow_scripts.finetune.resampling import (
    Floats,
    auroc,
    interval,
    patient_weights,
    two_sided,
)
from workflow_scripts.finetune.ridge import folds_of, probed

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Who is ranked, and against whom."""

    encoders: list[str]  # as `features` are
    baseline: str  # one of them
    findings: list[str]
    bootstrap: int  # resamples of the validation patients
    seed: int


@dataclass(frozen=True, kw_only=True)
class Development:
    """The training and the validation images of a task, in the features' order."""

    training: NDArray[np.int64]  # rows
    validation: NDArray[np.int64]  # rows
    patients: NDArray[np.object_]  # whose each image is, shape (images,)
    targets: Floats  # 1, 0, NaN unknown, shape (images, findings)

    def n_patients(self, rows: NDArray[np.int64]) -> list[int]:
        """Count patients with a known target: of each finding, then of any."""
        known = ~np.isnan(self.targets[rows])
        every = np.column_stack([known, known.any(axis=1)])
        return [len(np.unique(self.patients[rows][column])) for column in every.T]


def main(
    *, features: Inputs, development: Input, recipe: Recipe, ranking: Output
) -> None:
    """Write the `ranking` of the encoders behind the `features`, best first."""
    asked = development_of(TARGETS.read(development), recipe.findings)
    weights = patient_weights(
        asked.patients[asked.validation], recipe.bootstrap, recipe.seed
    )
    values = {}
    pairs = list(zip(recipe.encoders, features, strict=True))
    for encoder, file in progress(pairs, total=len(pairs), what="encoders"):
        known = np.load(file, allow_pickle=False)
        values[encoder] = measured(asked, known, weights, recipe)
        log.info("%s: macro AUROC %.3f on validation", encoder, values[encoder][-1, 0])
    RANKING.write(ranked(asked, values, recipe), ranking)


def development_of(targets: pd.DataFrame, findings: list[str]) -> Development:
    """Return what `targets` ask; rows of no or another split are of neither part."""
    images = images_of(targets)
    training, validation = (
        np.flatnonzero(images["split"] == split) for split in ("train", "validation")
    )
    told = matrix(targets, images, findings)
    return Development(
        training=training,
        validation=validation,
        patients=images["patient_id"].to_numpy(object),
        targets=np.where((told == 0) | (told == 1), told, np.nan),  # not the uncertain
    )


def measured(
    asked: Development,
    features: NDArray[np.float32],
    weights: NDArray[np.uint16],
    recipe: Recipe,
) -> Floats:
    """Return the AUROC on validation of each finding, then macro, in each resample.

    Macro is over the findings that have a value in the sample itself; a resample in
    which one of them has none has no macro.

    Args:
        asked: what is known of the images.
        features: of all images of `asked`, shape (images, width).
        weights: of the validation images, shape (1 + resamples, validation images).
        recipe: of the run.

    Returns:
        Shape (findings + 1, 1 + resamples); the first "resample" is the sample.
    """
    scores = probed(
        features[asked.training].astype(np.float64),
        asked.targets[asked.training],
        folds_of(asked.patients[asked.training], recipe.seed),
        features[asked.validation].astype(np.float64),
    )
    targets = asked.targets[asked.validation]
    values = np.full((targets.shape[1] + 1, len(weights)), np.nan)
    for column, (target, score) in enumerate(zip(targets.T, scores.T, strict=True)):
        values[column] = auroc(target, score, weights)
    defined = ~np.isnan(values[:-1, 0])
    if defined.any():
        values[-1] = values[:-1][defined].mean(axis=0)
    return values


def ranked(
    asked: Development, values: dict[str, Floats], recipe: Recipe
) -> pd.DataFrame:
    """Return the table of `RANKING`, by macro AUROC, of equals in the given order.

    Args:
        asked: what is known of the images.
        values: of each encoder, as `measured` returns them.
        recipe: of the run.
    """
    best_first = sorted(values, key=lambda name: -np.nan_to_num(values[name][-1, 0]))
    parts = []
    for encoder in best_first:
        differences = values[encoder] - values[recipe.baseline]
        if encoder == recipe.baseline:
            differences = np.full_like(differences, np.nan)
        part = pd.DataFrame(map(_row, values[encoder], differences))
        part["finding"] = [*recipe.findings, "macro"]
        part["n_train_patients"] = asked.n_patients(asked.training)
        part["n_validation_patients"] = asked.n_patients(asked.validation)
        parts.append(part.assign(encoder=encoder, baseline=recipe.baseline))
    return pd.concat(parts, ignore_index=True)


def _row(ours: Floats, difference: Floats) -> dict[str, float]:
    """Return the figures of one finding, from its values in the resamples."""
    low, high = interval(ours[1:])
    difference_low, difference_high = interval(difference[1:])
    return {
        "auroc": ours[0],
        "low": low,
        "high": high,
        "difference": difference[0],
        "difference_low": difference_low,
        "difference_high": difference_high,
        "p": two_sided(difference[1:]),
    }


if __name__ == "__main__":
    entry.run(main)

"""Trivial models: what a shortcut and a ridge regression make of a task."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.evaluate import bootstrap
from workflow_scripts.evaluate.ridge import Floats, teach
from workflow_scripts.evaluate.shortcuts import Shortcut, Shown

FOLDS = 5


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is asked of n images in one order."""

    patients: NDArray[np.int64]  # number of each image's patient, from 0, shape (n,)
    splits: NDArray[np.object_]  # train, validation or test, shape (n,)
    targets: Floats  # 1, 0, NaN unknown, shape (n, findings)


def scored(shortcut: Shortcut, shown: Shown, problem: Problem, seed: int) -> Floats:
    """Score every image by a trivial model that its patient has not taught.

    Test images are scored by the model of the training split. Development is cut into
    five folds of patients, and each fold is scored by a model of those outside it: of
    their training images, its penalty chosen on their validation images.

    Returns:
        Shape (n, findings); of one scale, so that folds can be ranked together. NaN
        where those who teach are all with the finding, or all without it.
    """
    training, validation = (problem.splits == s for s in ("train", "validation"))
    part = np.where(problem.splits == "test", FOLDS, folds(problem.patients, seed))
    scores = np.full(problem.targets.shape, np.nan)
    for number in np.unique(part):
        held = part == number
        taught = training & ~held
        features = shortcut(shown, taught)
        model = teach(features, problem.targets, taught, validation & ~held)
        scores[held] = model.scores(features[held])
    return scores


def folds(patients: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Return the number of each image's fold, 0 to 4; a patient is in one only."""
    stream = bootstrap.generator(seed, "folds")
    return (stream.permutation(int(patients.max()) + 1) % FOLDS)[patients]

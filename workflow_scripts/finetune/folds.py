"""Folds of the labelled patients, for budgets that choose without other labels."""

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.finetune.kinds import Floats

MOST = 5

Rows = NDArray[np.int64]


def folds(
    patients: NDArray[np.str_], targets: Floats, seed: int
) -> list[tuple[Rows, Rows]]:
    """Return for each fold the images that teach, and those that judge.

    A patient is in one fold, with all images. There are five, or half as many as there
    are patients, so that a fold has about two people to rank; at least two.

    Args:
        patients: of each labelled image.
        targets: of each labelled image, shape (images, findings); neither 1 nor 0 is
            not sure.
        seed: of the folds; the same patients are divided alike in every draw.

    Raises:
        ValueError: if there is one patient only.
    """
    names, of_image = np.unique(patients, return_inverse=True)
    if len(names) < 2:
        raise ValueError("folds need two patients")
    shown = np.zeros((len(names), 2 * targets.shape[1]), np.int64)
    np.maximum.at(shown, of_image, np.hstack([targets == 1, targets == 0]))
    n_folds = min(MOST, max(2, len(names) // 2))
    place = dealt(shown, n_folds, np.random.default_rng(seed))[of_image]
    numbers = range(n_folds)
    return [(np.flatnonzero(place != n), np.flatnonzero(place == n)) for n in numbers]


def dealt(
    shown: NDArray[np.int64], n_folds: int, generator: np.random.Generator
) -> Rows:
    """Return the fold of each patient; each fold has its share of every class.

    Iterative stratification of Sechidis et al. 2011, "On the Stratification of
    Multi-Label Data", https://doi.org/10.1007/978-3-642-23808-6_10, algorithm 1: the
    class with the fewest patients left is dealt first, each to the fold that lacks it
    most; of equals, to the one that lacks people most. Then by chance.

    Args:
        shown: 1 for the classes a patient belongs to, else 0; (patients, classes).
        n_folds: how many.
        generator: of the order, and of the folds among equals.
    """
    everybody = np.ones((len(shown), 1), np.int64)
    shown = np.hstack([shown, everybody])  # at last those of no class
    lacks = np.tile(shown.sum(axis=0) / n_folds, (n_folds, 1))
    place = np.full(len(shown), -1)
    order = generator.permutation(len(shown))
    while len(left := order[place[order] < 0]):
        n_left = shown[left].sum(axis=0)
        rarest = int(np.where(n_left > 0, n_left, len(shown) + 1).argmin())
        for patient in left[shown[left, rarest] == 1]:
            luck = generator.random(n_folds)
            fold = np.lexsort([luck, lacks[:, -1], lacks[:, rarest]])[-1]
            place[patient] = fold
            lacks[fold] -= shown[patient]
    return place

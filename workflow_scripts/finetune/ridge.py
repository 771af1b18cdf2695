"""A probe that is cheap, and whose penalty the training split alone chooses.

The protocol `linear_probe` asks validation for the penalty. What is ranked on
validation must not: here patients of the training split are put into five folds.

Ridge regression (Hoerl and Kennard 1970, https://doi.org/10.1080/00401706.1970.10488634)
of targets 0 and 1, of which only the order is used, instead of logistic regression:
the products of the features of each fold are summed once, and then serve all folds,
penalties and findings. Logistic regression took 90 ms a fit of 1,037 images with 96
features that hang together, and 279 fits were needed.
"""

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.finetune.resampling import Floats, auroc

FOLDS = 5
PENALTIES = (100.0, 10.0, 1.0, 0.1, 0.01, 0.001, 0.0001)  # for each training image
OF_BIAS = 1e-9  # no penalty, but equations that can be solved where nobody teaches

Folds = NDArray[np.int64]


def folds_of(patients: NDArray[np.object_], seed: int) -> Folds:
    """Return the number of each image's fold; all images of a patient are in one.

    Args:
        patients: whose each image is, shape (images,).
        seed: of the run.
    """
    names, number = np.unique(patients, return_inverse=True)
    folds: Folds = np.random.default_rng(seed).permutation(len(names)) % FOLDS
    return folds[number]


def probed(training: Floats, targets: Floats, folds: Folds, others: Floats) -> Floats:
    """Return the scores of the `others` by probes of the training images.

    Args:
        training: features, shape (images, width).
        targets: of the training images, 1, 0, NaN unknown, shape (images, findings).
        folds: of the training images, shape (images,).
        others: features to be scored, shape (others, width).

    Returns:
        Shape (others, findings); all alike where training has one class only.
    """
    mean, deviation = training.mean(axis=0), training.std(axis=0) + 1e-6
    standard, asked = (
        np.column_stack([(features - mean) / deviation, np.ones(len(features))])
        for features in (training, others)
    )
    scores = np.zeros((len(others), targets.shape[1]))
    known = ~np.isnan(targets)
    for pattern in np.unique(known, axis=1).T:  # findings known of the same images
        alike = np.flatnonzero((known == pattern[:, None]).all(axis=0))
        ours, labels = standard[pattern], targets[np.ix_(pattern, alike)]
        scores[:, alike] = asked @ _taught(ours, labels, folds[pattern])
    return scores


def _taught(features: Floats, targets: Floats, folds: Folds) -> Floats:
    """Return the weights of each finding, of the penalty that suits the folds best.

    A fold is scored by a probe of the others. Folds are not ranked together, as their
    probes may differ in scale; one without both classes says nothing. Of equals, the
    strongest penalty is taken.

    Args:
        features: standardised, and a column of ones, shape (images, width + 1).
        targets: 1 or 0, shape (images, findings).
        folds: shape (images,).

    Returns:
        Shape (width + 1, findings).
    """
    parts = [folds == fold for fold in range(FOLDS)]
    products = np.stack([features[part].T @ features[part] for part in parts])
    moments = np.stack([features[part].T @ targets[part] for part in parts])
    whole, moment = products.sum(axis=0), moments.sum(axis=0)
    seen = np.zeros((len(PENALTIES), targets.shape[1]))
    for held, own, own_moment in zip(parts, products, moments, strict=True):
        once = np.ones((1, int(held.sum())))
        solved = _solutions(whole - own, moment - own_moment)
        for place in np.ndindex(seen.shape):
            scores = features[held] @ solved[place[0], :, place[1]]
            value = auroc(targets[held, place[1]], scores, once)[0]
            seen[place] += np.nan_to_num(value)
    chosen = seen.argmax(axis=0)
    best: Floats = _solutions(whole, moment)[chosen, :, np.arange(len(chosen))].T
    return best


def _solutions(products: Floats, moment: Floats) -> Floats:
    """Return the weights for each penalty, shape (penalties, width + 1, findings)."""
    from scipy.linalg import solve

    n_images = max(1.0, products[-1, -1])
    found = []
    for penalty in PENALTIES:
        added = np.full(len(products), penalty * n_images)
        added[-1] = OF_BIAS
        found.append(solve(products + np.diag(added), moment, assume_a="pos"))
    return np.stack(found)

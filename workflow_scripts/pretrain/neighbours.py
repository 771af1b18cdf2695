"""How well an image's nearest neighbours tell what is on it: features without a head.

A weighted k-nearest-neighbour classifier, as in Wu et al. 2018, "Unsupervised Feature
Learning via Non-Parametric Instance Discrimination", https://arxiv.org/abs/1805.01978,
section 3.4, and in DINO, https://arxiv.org/abs/2104.14294; many findings instead of one
class, so that an image's score is the share of its neighbours' votes that say yes.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from torch import Tensor
from torch.nn import functional

from workflow_scripts.core.device import device

NEIGHBOURS = 20  # DINO's best; Wu et al. take 200 of a million images
TEMPERATURE = 0.07  # Wu et al., and DINO
AT_ONCE = 512  # images whose neighbours are sought together

Features = NDArray[np.float32]


def knn_auroc(
    train_features: Features,
    train_targets: Features,
    features: Features,
    targets: Features,
) -> float:
    """Return the mean AUROC over findings of scores by nearest neighbours.

    Args:
        train_features: of the images that vote, shape (training images, width).
        train_targets: 1, 0 or NaN unknown, shape (training images, findings).
        features: of the images that are scored, shape (images, width).
        targets: as `train_targets`, shape (images, findings).

    Returns:
        Macro AUROC over findings with both classes in `targets` and votes in training;
        unknown left out of both. NaN if there is no such finding.
    """
    scores = knn_scores(train_features, train_targets, features)
    found = []
    for score, target in zip(scores.T, targets.T, strict=True):
        known = ~np.isnan(target) & ~np.isnan(score)
        if len(np.unique(target[known])) == 2:
            found.append(roc_auc_score(target[known], score[known]))
    return float(np.mean(found)) if found else float("nan")


def knn_scores(
    train_features: Features, train_targets: Features, features: Features
) -> NDArray[np.float64]:
    """Return the weighted share of neighbours with each finding.

    The neighbours are the `NEIGHBOURS` most alike by cosine among the training images
    whose label for the finding is known; a vote weighs exp(cosine / `TEMPERATURE`).

    Returns:
        In [0, 1], shape (images, findings); NaN where no training image is labelled,
        or where features are not finite.
    """
    bank, asked = _unit(train_features), _unit(features)
    labels = torch.from_numpy(train_targets).to(bank.device)
    scores = np.full((len(features), train_targets.shape[1]), np.nan)
    # findings labelled on the same images share their neighbours
    known = ~np.isnan(train_targets)
    patterns, same = np.unique(known, axis=1, return_inverse=True)
    for start in range(0, len(asked), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        cosines = asked[some] @ bank.T
        for number, pattern in enumerate(patterns.T):
            rows = torch.from_numpy(np.flatnonzero(pattern)).to(bank.device)
            columns = np.flatnonzero(same.ravel() == number)
            if len(rows):
                votes = _votes(cosines[:, rows], labels[rows][:, columns])
                scores[some, columns] = votes
    return scores


def _unit(features: Features) -> Tensor:
    """Return `features` with length 1, on the device."""
    return functional.normalize(torch.from_numpy(features).to(device()), dim=1)


def _votes(cosines: Tensor, labels: Tensor) -> NDArray[np.float64]:
    """Return the weighted mean label of the nearest voters.

    Args:
        cosines: shape (images, voters).
        labels: 1 or 0, shape (voters, findings).

    Returns:
        Shape (images, findings).
    """
    nearest = cosines.topk(min(NEIGHBOURS, len(labels)))
    weight = torch.softmax(nearest.values.double() / TEMPERATURE, dim=1)
    said = labels[nearest.indices].double()
    return torch.einsum("nk,nkf->nf", weight, said).cpu().numpy()

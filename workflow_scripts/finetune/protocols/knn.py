"""Nearest neighbours: a finding's chance is the share of like images that show it.

A weighted k-nearest-neighbour classifier, as in Wu et al. 2018, "Unsupervised Feature
Learning via Non-Parametric Instance Discrimination", https://arxiv.org/abs/1805.01978,
section 3.4, and in Caron et al. 2021, "DINO", https://arxiv.org/abs/2104.14294: images
are alike by the cosine of their features, and a vote weighs exp(cosine / 0.07). Only
those vote on a finding whose label for it is known. Validation chooses how many vote,
for each finding; nothing is trained.

The classifier holds the features of the labelled images: who shares one, shares those.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.finetune.kinds import Floats
from workflow_scripts.finetune.protocols import (
    Asked,
    Fitted,
    Images,
    Problem,
    Tried,
    judged_each,
    mean_of_known,
)

KEEPS_IMAGES = True  # the features of those that vote
TEMPERATURE = 0.07  # Wu et al., and DINO
AT_ONCE = 512  # images whose neighbours are sought together
UNTOLD = 0.5  # chance of a finding that nobody can vote on

Features = NDArray[np.float32]


def fit(problem: Problem, options: dict[str, Any], seed: int) -> Fitted:
    """Return the labelled images' features and labels, and how many are to vote."""
    features = unit(problem.images.features)
    labels = problem.targets.astype(np.float32)
    counts = sorted(set(options["neighbours"]), reverse=True)  # of equals, the most
    values = mean_of_known(
        [
            judged_each(
                votes(features[taught], labels[taught], features[rows], counts),
                problem,
                rows,
            )
            for taught, rows in problem.trials
        ]
    )
    best = np.nan_to_num(values).argmax(axis=0)
    tried = [
        Tried(
            finding=finding,
            candidate=f"neighbours {count}",
            validation_score=float(values[place, column]),
            chosen=place == best[column],
        )
        for column, finding in enumerate(problem.asked.findings)
        for place, count in enumerate(counts)
    ]
    weights: dict[str, NDArray[Any]] = {
        "bank": features[problem.labelled],
        "labels": labels[problem.labelled],
        "neighbours": np.array(counts, np.int64)[best],
    }
    return Fitted(weights=weights, tried=tried)


def fit_each(problems: Sequence[Problem], options: dict[str, Any]) -> Iterator[Fitted]:
    """Yield what `fit` does for each problem."""
    return (fit(problem, options, 0) for problem in problems)


def score(
    weights: dict[str, NDArray[Any]], images: Images, asked: Asked
) -> NDArray[Any]:
    """Return the chance of each finding, shape (images, findings)."""
    counts, place = np.unique(weights["neighbours"], return_inverse=True)
    features = unit(images.features)
    said = votes(weights["bank"], weights["labels"], features, counts.tolist())
    chances: Floats = said[place, :, np.arange(len(place))].T
    return asked.kind.coherent(chances)


def unit(features: Features) -> Features:
    """Return `features` with length 1; none stays none."""
    length = np.linalg.norm(features, axis=1, keepdims=True)
    return features / np.maximum(length, np.finfo(np.float32).tiny)


def votes(
    bank: Features, labels: Features, asked: Features, counts: list[int]
) -> Floats:
    """Return the weighted share of the nearest neighbours with each finding.

    Args:
        bank: of the images that vote, length 1, shape (voters, width).
        labels: 1, 0, NaN unknown, shape (voters, findings).
        asked: of the images that are voted on, length 1, shape (images, width).
        counts: how many vote; where fewer can, all.

    Returns:
        In [0, 1], shape (counts, images, findings); 0.5 where nobody can vote.
    """
    said = np.full((len(counts), len(asked), labels.shape[1]), UNTOLD)
    known = ~np.isnan(labels)
    for pattern in np.unique(known, axis=1).T:  # findings known of the same images
        voters = np.flatnonzero(pattern)
        alike = np.flatnonzero((known == pattern[:, None]).all(axis=0))
        for start in range(0, len(asked) if len(voters) else 0, AT_ONCE):
            some = slice(start, start + AT_ONCE)
            cosines = asked[some] @ bank[voters].T
            said[:, some, alike] = _shares(
                cosines, labels[np.ix_(voters, alike)], counts
            )
    return said


def _shares(cosines: Features, labels: Features, counts: list[int]) -> Floats:
    """Return the shares by images (images, voters) of `labels` (voters, findings)."""
    most = min(max(counts), len(labels))
    nearest = np.argpartition(-cosines, most - 1, axis=1)[:, :most]
    order = np.argsort(-np.take_along_axis(cosines, nearest, 1), axis=1, kind="stable")
    nearest = np.take_along_axis(nearest, order, 1)
    ranked = np.take_along_axis(cosines, nearest, 1).astype(np.float64)
    weight = np.exp((ranked - ranked[:, :1]) / TEMPERATURE)
    yes = (weight[..., None] * labels[nearest]).cumsum(axis=1)
    last = np.minimum(counts, most) - 1
    share = yes[:, last] / weight.cumsum(axis=1)[:, last, None]
    return share.transpose(1, 0, 2)

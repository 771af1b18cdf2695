"""Findings in rising order: the chance that an image reaches each level.

CORAL, Cao et al. 2020, "Rank consistent ordinal regression for neural networks with
application to age estimation", https://arxiv.org/abs/1901.07884: one yes-or-no question
for each level but the first, "is it at least this one?", all answered by the same
weights of the features, each with a bias of its own. Biases that fall from level to
level let no image be more surely severe than mild. The paper shows that they fall where
its loss is smallest; here they are put in order at every moment, as a training is ended
early and `emphasis` weighs the questions.
"""

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from workflow_scripts.finetune.kinds import Floats, multilabel

if TYPE_CHECKING:
    from torch import Tensor, nn

PIXELS = False

loss = multilabel.loss  # equation 4 of the paper, divided by the number of questions
said = multilabel.said
scored = multilabel.scored
judged = multilabel.judged


def network(encoder: "nn.Module", width: int, n_findings: int) -> "nn.Module":
    """Return `encoder` under a classifier of levels that says nothing yet."""
    from workflow_scripts.finetune.networks import Levels, Network

    made: Any = Network(encoder, width, n_findings)
    made.classifier = Levels(width, n_findings)
    return cast("nn.Module", made)


def begin_as(
    network: "nn.Module", weight: Floats, bias: Floats, centre: Floats
) -> None:
    """Let the classifier begin as separate probes do on average.

    Its weights are the mean of theirs; its biases are such that it says of the mean
    image what they say.

    Args:
        network: as the function `network` returns it; changed in place.
        weight: of the probes, shape (findings, width).
        bias: of the probes, shape (findings,).
        centre: mean features, shape (width,).
    """
    import torch

    shared = weight.mean(axis=0, keepdims=True)
    biases = bias + (weight - shared) @ centre
    layer = cast(Any, network).classifier
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(shared))
        layer.bias.copy_(torch.from_numpy(-np.sort(-biases)))


def coherent(chances: Floats) -> Floats:
    """Return the nearest `chances` that do not rise from level to level.

    Isotonic regression in its max-min form (Barlow et al. 1972, "Statistical Inference
    under Order Restrictions", theorem 1.4). Probes that contradict each other meet in
    the middle, where a running minimum would always believe the lowest.
    """
    n_levels = chances.shape[1]
    sums = np.cumsum(np.column_stack([np.zeros(len(chances)), chances]), axis=1)
    found = np.empty_like(chances)
    for level in range(n_levels):
        lowest = [
            np.min(
                [
                    (sums[:, last + 1] - sums[:, first]) / (last + 1 - first)
                    for first in range(level + 1)
                ],
                axis=0,
            )
            for last in range(level, n_levels)
        ]
        found[:, level] = np.max(lowest, axis=0)
    return np.minimum.accumulate(np.clip(found, 0, 1), axis=1)  # of rounding alone


def together(logits: "Tensor") -> "Tensor":
    """Return the logits of what `coherent` makes of their chances; within 20 of 0."""
    import torch

    chances = logits.double().sigmoid()
    n_levels = chances.shape[1]
    found = []
    for level in range(n_levels):
        lowest = [
            torch.stack(
                [chances[:, a : last + 1].mean(dim=1) for a in range(level + 1)]
            ).amin(dim=0)
            for last in range(level, n_levels)
        ]
        found.append(torch.stack(lowest).amax(dim=0))
    return torch.stack(found, dim=1).logit(eps=1e-9).to(logits)

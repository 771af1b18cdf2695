"""Linear probe, then fine-tune: all weights move, and the classifier begins as a probe.

LP-FT, Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features and Underperform
Out-of-Distribution", https://arxiv.org/abs/2202.10054: a classifier that begins with
nothing to say bends the features while it learns to speak.

The probe must be of the network that is then trained. In training, batch norms take
the mean and spread of a batch; a probe is taught with those remembered from
pretraining, and a random encoder remembers none (0 and 1): its features had a deviation
of 0.003 where training saw 0.4, weights of its probe reached 37,000, and were of no use
in training (measured). So batch norms first take their statistics from the task's
training images, without labels: "PreciseBN" of Wu and Johnson 2021, "Rethinking Batch
in BatchNorm", https://arxiv.org/abs/2105.07576. Every encoder is treated alike; one
without batch norms stays as it is.

The probe's penalties should be strong. Under a weak one a few labels are fitted
perfectly, by large weights: nothing is left to learn, and what moves is made of chance.
On phantoms, taught by 100 patients, AUROC on others made to judge it, mean over three
encoders: .011 less with a penalty of 10 than with 100 (one draw), .004 less with 1000
(three draws), and 10000 could not be told from it.

The moment before the first step is one that validation may keep, so that it never likes
the result less than the probe. The probe's penalties are tried besides the learning
rates, and are counted.
"""

import dataclasses
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import update_bn

from workflow_scripts.core.device import autocast, device, placed
from workflow_scripts.core.encoders import Card, normalised
from workflow_scripts.finetune import all_weights, networks
from workflow_scripts.finetune.features import features_of
from workflow_scripts.finetune.protocols import Fitted, Problem, linear_probe

BATCH = 256  # whose statistics are averaged

score, assembled = networks.score, networks.assembled


def fit(problem: Problem, options: dict[str, Any], seed: int) -> Fitted:
    """Return the weights that validation likes best, of all rates and moments."""
    encoder, card = problem.images.load_encoder()
    images = problem.images
    if has_batch_norm(encoder):
        encoder = settled(encoder, card, problem, seed)
        features = features_of(encoder, card, images.pixels)
        images = dataclasses.replace(images, features=features)
    asked, width = problem.asked, images.features.shape[1]
    centre = images.features[problem.training].mean(axis=0, dtype=np.float64)
    probe = linear_probe.fit(dataclasses.replace(problem, images=images), options, seed)

    def begin(part: Problem) -> nn.Module:
        network = asked.kind.network(encoder.cpu(), width, len(asked.findings))
        here = probe
        if problem.folds and len(part.validation):  # a fold's probe: of its labels
            alone = dataclasses.replace(part.whole(), images=images)
            here = linear_probe.fit(alone, options, seed)  # the strongest penalty
        weight, bias = (here.weights[f"classifier.{key}"] for key in ("weight", "bias"))
        asked.kind.begin_as(network, weight, bias, centre)
        return network

    moved = all_weights.fit(problem, begin, card, options, seed, keep_start=True)
    return Fitted(weights=moved.weights, tried=[*probe.tried, *moved.tried])


def has_batch_norm(encoder: nn.Module) -> bool:
    """Say whether `encoder` remembers statistics of its training."""
    norm = nn.modules.batchnorm._BatchNorm
    return any(isinstance(module, norm) for module in encoder.modules())


def settled(encoder: nn.Module, card: Card, problem: Problem, seed: int) -> nn.Module:
    """Return `encoder` with statistics of the training images; needs no label."""
    torch.manual_seed(seed)  # of drop-path and dropout
    order = torch.randperm(len(problem.training)).numpy()
    pixels = problem.images.pixels[problem.training[order]]
    n_batches = max(1, len(pixels) // BATCH)  # about equal, as each counts once
    batches = torch.from_numpy(pixels).chunk(n_batches)
    with autocast():
        update_bn((normalised(b.to(device()), card) for b in batches), placed(encoder))
    return encoder.eval()

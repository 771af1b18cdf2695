"""Train a network of which all weights move, at every learning rate of the grid."""

import copy
from collections.abc import Iterable
from typing import Any

import torch
from timm.optim._param_groups import param_groups_layer_decay
from torch.optim import AdamW

from workflow_scripts.core.device import autocast, placed
from workflow_scripts.core.encoders import Card
from workflow_scripts.finetune.lessons import (
    Best,
    fitted,
    learn,
    lessons,
    masked_loss,
    moments,
    set_rates,
)
from workflow_scripts.finetune.networks import Network, chances
from workflow_scripts.finetune.protocols import Fitted, Problem


def fit(
    problem: Problem,
    network: Network,
    card: Card,
    options: dict[str, Any],
    seed: int,
    *,
    keep_start: bool,
) -> Fitted:
    """Return the weights that validation likes best, of all rates and moments.

    A training that ended early says after how many steps, in its candidate's name.

    Args:
        problem: what may be learnt from.
        network: where the training at each rate begins; stays as it is.
        card: of its encoder.
        options: of the protocol.
        seed: of batches, their variation, drop-path and dropout.
        keep_start: let the moment before the first step be one of those to keep.
    """
    bests = {}
    first = 0 if keep_start else 1
    for rate in options["learning_rates"]:
        begun = copy.deepcopy(network)
        best, steps = _trained(begun, card, problem, rate, options, seed, first)
        early = f", stopped after {steps} steps" if steps < options["steps"] else ""
        bests[f"learning_rate {rate:g}{early}"] = best
    return fitted(bests)


def _trained(
    network: Network,
    card: Card,
    problem: Problem,
    rate: float,
    options: dict[str, Any],
    seed: int,
    first: int,
) -> tuple[Best, int]:
    """Train at one learning rate; return its best moment, and its steps."""
    torch.manual_seed(seed)  # of drop-path and dropout
    network = placed(network)
    decay, patience = options["weight_decay"], options["patience"]
    weights = weights_by_layer(network, options["layer_decay"], decay)
    optimiser = AdamW(weights, lr=rate, weight_decay=decay, fused=True)
    batches = lessons(problem, card, options["batch_size"], seed)
    looks = moments(options["steps"], options["checks"]) | {0}
    best = Best()
    for step in range(first, options["steps"] + 1):
        if step:
            set_rates(optimiser, rate, step / options["steps"])
            network.train()
            with autocast():
                images, targets = next(batches)
                logits = network(images)
            learn(optimiser, masked_loss(logits.float(), targets))
        if step in looks:
            pixels = problem.images.pixels[problem.validation]
            best.offer(problem, chances(network, card, pixels), network)
            if patience and best.in_vain >= patience:
                break
    return best, step


def weights_by_layer(
    network: Network, layer_decay: float, weight_decay: float
) -> Iterable[Any]:
    """Return the weights in groups, of which each tells the optimiser its `lr_scale`.

    The classifier's rate is the full one; each layer of the encoder below it, as timm
    counts them, has `layer_decay` times the rate of the one above: Bao et al. 2022,
    "BEiT", https://arxiv.org/abs/2106.08254, by timm's own function. With 1, all
    weights together.
    """
    if layer_decay == 1:
        return network.parameters()
    whole = copy.copy(network.encoder)  # timm looks for the classifier inside
    whole._modules = {**whole._modules, "classifier": network.classifier}
    groups: list[dict[str, Any]] = param_groups_layer_decay(
        whole,
        weight_decay,
        weight_decay_exclude_1d=False,  # as without layer decay
        layer_decay=layer_decay,
    )
    return groups

"""Train a network of which all weights move, at every learning rate of the grid."""

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from timm.optim._param_groups import param_groups_layer_decay
from torch import nn
from torch.optim import AdamW

from workflow_scripts.core.device import autocast, placed
from workflow_scripts.core.encoders import Card
from workflow_scripts.finetune.lessons import (
    Best,
    emphasis,
    fitted,
    learn,
    lessons,
    moments,
    set_rates,
)
from workflow_scripts.finetune.networks import said_of
from workflow_scripts.finetune.protocols import Fitted, Problem


def fit(
    problem: Problem,
    begin: Callable[[Problem], nn.Module],
    card: Card,
    options: dict[str, Any],
    seed: int,
    *,
    keep_start: bool,
) -> Fitted:
    """Return the weights that validation likes best, of all rates and moments.

    Args:
        problem: what may be learnt from.
        begin: returns the network that the training at each rate begins with.
        card: of its encoder.
        options: of the protocol.
        seed: of batches, their variation, drop-path and dropout.
        keep_start: let the moment before the first step be one of those to keep.
    """

    def train(part: Problem, rates: Sequence[float]) -> list[Best]:
        begun, first = begin(part), 0 if keep_start else 1
        copies = (copy.deepcopy(begun) for _ in rates)
        return [
            _trained(network, card, part, rate, options, seed, first)
            for network, rate in zip(copies, rates, strict=True)
        ]

    return fitted(problem, options["learning_rates"], train, "learning_rate")


def _trained(
    network: nn.Module,
    card: Card,
    problem: Problem,
    rate: float,
    options: dict[str, Any],
    seed: int,
    first: int,
) -> Best:
    """Train at one learning rate; return its best moment."""
    torch.manual_seed(seed)  # of drop-path and dropout
    network = placed(network)
    kind, patience = problem.asked.kind, 0 if problem.at_end else options["patience"]
    weights = weights_by_layer(network, options["layer_decay"], options["weight_decay"])
    decay, more = options["weight_decay"], emphasis(problem)
    optimiser = AdamW(weights, lr=rate, weight_decay=decay, fused=True)
    batches = lessons(problem, card, options["batch_size"], seed)
    looks = moments(problem, options["steps"], options["checks"])
    looks |= set() if problem.at_end else {0}
    best = Best()
    for step in range(first, options["steps"] + 1):
        if step:
            set_rates(optimiser, rate, step / options["steps"])
            network.train()
            images, answers = next(batches)
            with autocast():
                logits = network(images)
            learn(optimiser, kind.loss(logits.float(), answers, more))
        if step in looks:
            pixels = problem.images.pixels[problem.validation]
            best.offer(problem, said_of(network, card, pixels, kind), network, step)
            if patience and best.in_vain >= patience:
                break
    return best


def weights_by_layer(
    network: nn.Module,  # an `encoder`, and a classifier or decoder
    layer_decay: float,
    weight_decay: float,
) -> Iterable[Any]:
    """Return the weights in groups, of which each tells the optimiser its `lr_scale`.

    What answers has the full rate; each layer of the encoder below it, as timm counts
    them, has `layer_decay` times the rate of the one above: Bao et al. 2022, "BEiT",
    https://arxiv.org/abs/2106.08254, by timm's own function. With 1, all weights
    together.
    """
    if layer_decay == 1:
        return network.parameters()
    above = dict(network.named_children())
    whole = copy.copy(above.pop("encoder"))  # timm looks for the classifier inside
    whole._modules = {**whole._modules, **above}
    groups: list[dict[str, Any]] = param_groups_layer_decay(
        whole,
        weight_decay,
        weight_decay_exclude_1d=False,  # as without layer decay
        layer_decay=layer_decay,
    )
    return groups

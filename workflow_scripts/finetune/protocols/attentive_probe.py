"""Attentive probe: a learnt query gathers the encoder's tokens; the encoder is frozen.

Cross-attention of one query over what the encoder says of each place, and a linear
classifier: El-Nouby et al. 2024, "AIM", https://arxiv.org/abs/2401.08541; Bardes et al.
2024, "V-JEPA", https://arxiv.org/abs/2404.08471; Chen et al. 2023, "CAE",
https://arxiv.org/abs/2202.03026. An encoder that was never asked to say all in one
vector, as that of a masked autoencoder, is not punished for it. As in AIM no further
layers follow the attention, since labels are few.

Tokens of a vision transformer are its patches, with class and register tokens; those of
a convolutional encoder are the places of its last map. AIM has a batch norm without
weights before the attention; here they are standardised by training images, for which
no label is needed, as features are for a linear probe. Images are varied as in
fine-tuning, so that the two differ in what moves.

All learning rates learn side by side from the same batches, as V-JEPA's probes do, so
that an image is encoded once for all. Validation chooses the rate, and the moment that
is kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import AdamW

from workflow_scripts.core.device import autocast, device, placed
from workflow_scripts.core.encoders import Card, normalised
from workflow_scripts.finetune import networks
from workflow_scripts.finetune.gathering import Attentive, Gatherer, places
from workflow_scripts.finetune.kinds import Kind
from workflow_scripts.finetune.lessons import (
    Best,
    emphasis,
    fitted,
    learn,
    lessons,
    moments,
    set_rates,
)
from workflow_scripts.finetune.protocols import Asked, Fitted, Images, Problem

BATCH = 256  # when scoring
MOST = 2048  # training images that say what tokens are like; one pass for each draw
LEAST = 1e-3  # deviation of a channel, of the largest: a dead one must not shout


@dataclass(kw_only=True)
class _Learner:
    """A gatherer at one learning rate, and the best it has been."""

    rate: float
    gatherer: Gatherer
    optimiser: AdamW
    best: Best = field(default_factory=Best)


def fit(problem: Problem, options: dict[str, Any], seed: int) -> Fitted:
    """Return the weights that validation likes best, of all rates and moments."""
    encoder, card = problem.images.load_encoder()
    encoder = placed(encoder).eval()
    like = standard(encoder, card, problem, seed)

    def train(part: Problem, rates: Sequence[float]) -> list[Best]:
        learners = _learners(part, {**options, "learning_rates": rates}, like, seed)
        _teach(learners, encoder, card, part, options, seed)
        return [each.best for each in learners]

    found = fitted(problem, options["learning_rates"], train, "learning_rate")
    found.weights = {f"gatherer.{key}": v for key, v in found.weights.items()}
    return found


def _teach(
    learners: list[_Learner],
    encoder: nn.Module,
    card: Card,
    problem: Problem,
    options: dict[str, Any],
    seed: int,
) -> None:
    """Train the `learners` side by side, of the same batches."""
    batches = lessons(problem, card, options["batch_size"], seed)
    looks = moments(problem, options["steps"], options["checks"])
    kind, more = problem.asked.kind, emphasis(problem)
    for step in range(1, options["steps"] + 1):
        images, answers = next(batches)
        tokens = tokens_of(encoder, images)
        for each in learners:
            set_rates(each.optimiser, each.rate, step / options["steps"])
            learn(each.optimiser, kind.loss(each.gatherer(tokens), answers, more))
        if step in looks:
            pixels = problem.images.pixels[problem.validation]
            gatherers = [each.gatherer for each in learners]
            scores = _said(encoder, card, pixels, gatherers, kind)
            for each, seen in zip(learners, scores, strict=True):
                each.best.offer(problem, seen, each.gatherer, step)


def _learners(
    problem: Problem, options: dict[str, Any], like: tuple[Tensor, Tensor], seed: int
) -> list[_Learner]:
    """Return one for each rate; all begin with the same weights."""
    found = []
    for rate in options["learning_rates"]:
        torch.manual_seed(seed)
        made = Gatherer(len(like[0]), options["heads"], problem.asked)
        made.mean, made.deviation = like
        made = made.to(device())
        decay = options["weight_decay"]
        optimiser = AdamW(made.parameters(), lr=rate, weight_decay=decay, fused=True)
        found.append(_Learner(rate=rate, gatherer=made, optimiser=optimiser))
    return found


@torch.no_grad()
def tokens_of(encoder: nn.Module, images: Tensor) -> Tensor:
    """Return `places` as float32, quickly, and nothing to learn from."""
    with autocast():
        return places(encoder, images).float()


def standard(
    encoder: nn.Module, card: Card, problem: Problem, seed: int
) -> tuple[Tensor, Tensor]:
    """Return mean and deviation of the tokens of training images, (width,) each."""
    drawn = np.random.default_rng(seed).permutation(problem.training)[:MOST]
    n, total, squares = 0, torch.zeros(()), torch.zeros(())
    for tokens in _encoded(encoder, card, problem.images.pixels[np.sort(drawn)]):
        each = tokens.double().flatten(0, 1)
        n += len(each)
        total, squares = (
            total.to(each) + each.sum(0),
            squares.to(each) + (each**2).sum(0),
        )
    mean = total / n
    deviation = (squares / n - mean**2).clamp(min=0).sqrt()
    least = (LEAST * deviation.max()).clamp(min=1e-6)
    return mean.float(), deviation.maximum(least).float()


def _encoded(
    encoder: nn.Module, card: Card, pixels: NDArray[np.uint8]
) -> Iterator[Tensor]:
    """Yield the tokens of uint8 `pixels`, some images at a time."""
    for start in range(0, len(pixels), BATCH):
        batch = torch.from_numpy(pixels[start : start + BATCH]).to(device())
        yield tokens_of(encoder, normalised(batch, card))


@torch.no_grad()
def _said(
    encoder: nn.Module,
    card: Card,
    pixels: NDArray[np.uint8],
    gatherers: list[Gatherer],
    kind: Kind,
) -> list[NDArray[Any]]:
    """Return what each of the `gatherers` says, shape (images, findings)."""
    parts: list[list[NDArray[Any]]] = [[np.empty((0, 0))] for _ in gatherers]
    for tokens in _encoded(encoder, card, pixels):
        for part, gatherer in zip(parts, gatherers, strict=True):
            part.append(kind.said(gatherer(tokens)).cpu().numpy())
    return [np.concatenate(part[1:] or part) for part in parts]


def score(
    weights: dict[str, NDArray[Any]], images: Images, asked: Asked
) -> NDArray[Any]:
    """Return the chance of each finding, shape (images, findings)."""
    encoder, card = images.load_encoder()
    network = assembled(weights, encoder, asked)
    gatherers = [network.gatherer.to(device())]
    encoder = placed(network.encoder)
    return _said(encoder, card, images.pixels, gatherers, asked.kind)[0]


def assembled(
    weights: dict[str, NDArray[Any]], encoder: nn.Module, asked: Asked
) -> Attentive:
    """Return `encoder` and a gatherer with these `weights`, in one network."""
    width, heads = len(weights["gatherer.mean"]), weights["gatherer.heads"].item()
    network = Attentive(encoder, Gatherer(width, heads, asked))
    networks.filled(network, weights)
    return network

"""Teach a network step by step: batches, the loss, rates, and the moment that is kept.

What all protocols share that train by gradient, so that they differ in what moves only.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer

from workflow_scripts.core.device import device
from workflow_scripts.core.encoders import Card
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.warp import exposed, moved
from workflow_scripts.finetune.protocols import (
    Fitted,
    Floats,
    Problem,
    Tried,
    macro_auroc,
)

State = dict[str, Tensor]


def lessons(
    problem: Problem, card: Card, batch_size: int, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield labelled images, as an encoder sees them, and their targets, for ever.

    Images are float32, (batch, 1, size_px, size_px), a little varied each time; targets
    are float32, (batch, findings), NaN unknown.
    """
    pixels = torch.from_numpy(problem.images.pixels[problem.labelled]).to(device())
    targets = torch.from_numpy(problem.targets[problem.labelled]).float().to(device())
    generator = torch.Generator().manual_seed(seed)
    for rows in endless(len(pixels), batch_size, generator):
        yield varied(pixels[rows], card, generator), targets[rows]


def endless(n: int, batch_size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Yield rows for ever, each pass in a new order, in full batches where possible.

    A row that would be alone comes twice, varied in two ways: batch norms need two.
    """
    batch_size = min(batch_size, n)
    while True:
        order = torch.randperm(n, generator=generator)
        for start in range(0, n - batch_size + 1, batch_size):
            rows = order[start : start + batch_size].to(device())
            yield rows if len(rows) > 1 else rows.repeat(2)


def varied(pixels: Tensor, card: Card, generator: torch.Generator) -> Tensor:
    """Move and relight a little, as another exposure of the same chest would be."""
    seen = pixels.to(torch.float32) / 255
    seen = moved(seen, generator, area=(0.75, 1), ratio=(0.9, 1.1), rotation_degrees=7)
    seen = exposed(
        seen, generator, gamma=(0.85, 1.2), contrast=(0.85, 1.15), brightness=0.08
    )
    return ((seen - card.mean) / card.deviation).unsqueeze(1)


def masked_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return binary cross-entropy over the known targets (NaN is unknown)."""
    known = ~torch.isnan(targets)
    loss = functional.binary_cross_entropy_with_logits(
        logits, torch.nan_to_num(targets), reduction="none"
    )
    return (loss * known).sum() / known.sum().clamp(min=1)


def learn(optimiser: Optimizer, loss: Tensor) -> None:
    """Take one step down the `loss`."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()


def set_rates(optimiser: Optimizer, rate: float, share: float) -> None:
    """Tell the optimiser its rates when `share` of the steps is done.

    A linear rise over a tenth of the steps, under half a cosine to zero. A group with
    an `lr_scale`, as timm calls it, gets that part of it.
    """
    now = rate * (min(1, 10 * share) * (1 + math.cos(math.pi * share)) / 2)
    for group in optimiser.param_groups:
        group["lr"] = now * group.get("lr_scale", 1)


def moments(steps: int, checks: int) -> set[int]:
    """Return the steps after which validation is looked at; the last is among them."""
    return {round(steps * number / checks) for number in range(1, checks + 1)}


@dataclass(kw_only=True)
class Best:
    """The moment of a training that validation likes best so far; of equals, the first.

    Where validation cannot tell, for want of a class, the first moment of all.
    """

    value: float = -math.inf  # macro AUROC on validation
    state: State = field(default_factory=dict)
    in_vain: int = 0  # looks since then

    def offer(self, problem: Problem, scores: Floats, network: nn.Module) -> None:
        """Keep what `network` is now, if its `scores` of validation are better.

        Scores that are not finite, of a training that broke down, are the worst.
        """
        found = -math.inf
        if np.isfinite(scores).all():
            found = macro_auroc(problem.targets[problem.validation], scores)
        self.in_vain += 1
        if not self.state or found > self.value:
            self.value = -math.inf if math.isnan(found) else found
            state = network.state_dict().items()
            self.state = {key: value.cpu().clone() for key, value in state}
            self.in_vain = 0


def fitted(bests: dict[str, Best]) -> Fitted:
    """Return the best of the `bests`, and how each candidate did; of equals, the first.

    Raises:
        InputError: if training broke down at every one.
    """
    chosen = max(bests, key=lambda candidate: bests[candidate].value)
    state = bests[chosen].state
    if not all(bool(torch.isfinite(value).all()) for value in state.values()):
        raise InputError(
            "training broke down, weights are not finite; choose lower learning_rates"
        )
    tried = [
        Tried(
            finding="all",
            candidate=candidate,
            validation_auroc=best.value if math.isfinite(best.value) else math.nan,
            chosen=candidate == chosen,
        )
        for candidate, best in bests.items()
    ]
    return Fitted(weights={k: v.numpy() for k, v in state.items()}, tried=tried)

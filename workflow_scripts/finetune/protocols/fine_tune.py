"""Fine-tune: all weights of the encoder move, with a linear classifier on top.

The same number of steps for every encoder and budget. Validation chooses the learning
rate, and the moment of training that is kept.
"""

import copy
import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from workflow_scripts.core.device import autocast, device, placed
from workflow_scripts.core.encoders import Card, normalised
from workflow_scripts.core.warp import exposed, moved
from workflow_scripts.finetune.protocols import (
    Fitted,
    Floats,
    Images,
    Problem,
    Tried,
    macro_auroc,
)

BATCH = 256  # when scoring


class Network(nn.Module):
    """An encoder and a linear classifier."""

    def __init__(self, encoder: nn.Module, width: int, n_findings: int) -> None:
        """Put a classifier that says nothing yet on `encoder`."""
        super().__init__()
        self.encoder = encoder
        self.classifier = nn.Linear(width, n_findings)
        nn.init.zeros_(self.classifier.weight)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, shape (batch, findings)."""
        logits: Tensor = self.classifier(self.encoder(images))
        return logits


def fit(problem: Problem, options: dict[str, Any], seed: int) -> Fitted:
    """Return the weights that validation likes best, of all rates and moments."""
    encoder, card = problem.images.load_encoder()
    width = problem.images.features.shape[1]
    best: dict[str, Tensor] = {}
    seen: dict[float, float] = {}
    for rate in options["learning_rates"]:
        network = Network(copy.deepcopy(encoder), width, len(problem.findings))
        found, state = _trained(network, card, problem, rate, options, seed)
        if not seen or found > max(seen.values()):
            best = state
        seen[rate] = found
    chosen = max(seen, key=lambda rate: seen[rate])
    tried = [
        Tried(
            finding="all",
            candidate=f"learning_rate {rate:g}",
            validation_auroc=value,
            chosen=rate == chosen,
        )
        for rate, value in seen.items()
    ]
    return Fitted(weights={k: v.numpy() for k, v in best.items()}, tried=tried)


def _trained(
    network: Network,
    card: Card,
    problem: Problem,
    rate: float,
    options: dict[str, Any],
    seed: int,
) -> tuple[float, dict[str, Tensor]]:
    """Train at one learning rate; return its best validation AUROC and weights."""
    torch.manual_seed(seed)  # of drop-path and dropout
    network = placed(network)
    weights, decay = network.parameters(), options["weight_decay"]
    optimiser = torch.optim.AdamW(weights, lr=rate, weight_decay=decay, fused=True)
    pixels = torch.from_numpy(problem.images.pixels[problem.labelled]).to(device())
    targets = torch.from_numpy(problem.targets[problem.labelled]).float().to(device())
    generator = torch.Generator().manual_seed(seed)
    order = _endless(len(pixels), options["batch_size"], generator)
    checks = _moments(options["steps"], options["checks"])
    best = -math.inf
    state: dict[str, Tensor] = {}
    for step in range(1, options["steps"] + 1):
        for group in optimiser.param_groups:
            group["lr"] = rate * _schedule(step / options["steps"])
        rows = next(order)
        network.train()
        with autocast():
            logits = network(_varied(pixels[rows], card, generator))
        loss = masked_loss(logits.float(), targets[rows])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if step in checks:
            found = _on_validation(network, card, problem)
            if found > best or not state:
                best = found
                state = {k: v.cpu().clone() for k, v in network.state_dict().items()}
    return best, state


def _schedule(share: float) -> float:
    """Return what part of the rate holds when `share` of the steps is done."""
    return min(1, 10 * share) * (1 + math.cos(math.pi * share)) / 2


def masked_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return binary cross-entropy over the known targets (NaN is unknown)."""
    known = ~torch.isnan(targets)
    loss = functional.binary_cross_entropy_with_logits(
        logits, torch.nan_to_num(targets), reduction="none"
    )
    return (loss * known).sum() / known.sum().clamp(min=1)


def _endless(n: int, batch_size: int, generator: torch.Generator) -> Any:  # noqa: ANN401
    """Yield rows for ever, each pass in a new order, in full batches where possible."""
    batch_size = min(batch_size, n)
    while True:
        order = torch.randperm(n, generator=generator)
        for start in range(0, n - batch_size + 1, batch_size):
            yield order[start : start + batch_size].to(device())


def _moments(steps: int, checks: int) -> set[int]:
    return {round(steps * number / checks) for number in range(1, checks + 1)}


def _varied(pixels: Tensor, card: Card, generator: torch.Generator) -> Tensor:
    """Move and relight a little, as another exposure of the same chest would be."""
    seen = pixels.to(torch.float32) / 255
    seen = moved(seen, generator, area=(0.75, 1), ratio=(0.9, 1.1), rotation_degrees=7)
    seen = exposed(
        seen, generator, gamma=(0.85, 1.2), contrast=(0.85, 1.15), brightness=0.08
    )
    return ((seen - card.mean) / card.deviation).unsqueeze(1)


def _on_validation(network: Network, card: Card, problem: Problem) -> float:
    rows = problem.validation
    scores = _scores(network, card, problem.images.pixels[rows])
    found = macro_auroc(problem.targets[rows], scores)
    return -math.inf if math.isnan(found) else found


@torch.no_grad()
def _scores(network: Network, card: Card, pixels: NDArray[np.uint8]) -> Floats:
    network.eval()
    parts = []
    for start in range(0, len(pixels), BATCH):
        batch = torch.from_numpy(pixels[start : start + BATCH]).to(device())
        with autocast():
            logits = network(normalised(batch, card))
        parts.append(torch.sigmoid(logits.float()).cpu().numpy())
    return np.concatenate(parts).astype(np.float64)


def score(weights: dict[str, NDArray[Any]], images: Images) -> Floats:
    """Return the chance of each finding, shape (images, findings)."""
    encoder, card = images.load_encoder()
    n_findings = len(weights["classifier.bias"])
    network = Network(encoder, weights["classifier.weight"].shape[1], n_findings)
    network.load_state_dict({k: torch.from_numpy(v) for k, v in weights.items()})
    network = placed(network)
    return _scores(network, card, images.pixels)

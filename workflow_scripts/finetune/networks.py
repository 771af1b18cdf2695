"""Networks that tell findings: an encoder, and a linear classifier on top of it."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workflow_scripts.core.device import autocast, device, placed
from workflow_scripts.core.encoders import Card, normalised
from workflow_scripts.finetune.protocols import Floats, Images

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


@torch.no_grad()
def chances(network: nn.Module, card: Card, pixels: NDArray[np.uint8]) -> Floats:
    """Return the chance of each finding in uint8 `pixels`, shape (images, findings)."""
    network.eval()
    parts = []
    for start in range(0, len(pixels), BATCH):
        batch = torch.from_numpy(pixels[start : start + BATCH]).to(device())
        with autocast():
            logits = network(normalised(batch, card))
        parts.append(torch.sigmoid(logits.float()).cpu().numpy())
    return np.concatenate(parts).astype(np.float64)


def score(weights: dict[str, NDArray[Any]], images: Images) -> Floats:
    """Return the chance of each finding by a `Network` with these `weights`.

    Returns:
        Shape (images, findings).
    """
    encoder, card = images.load_encoder()
    n_findings, width = weights["classifier.weight"].shape
    network = Network(encoder, width, n_findings)
    network.load_state_dict({k: torch.from_numpy(v) for k, v in weights.items()})
    return chances(placed(network), card, images.pixels)

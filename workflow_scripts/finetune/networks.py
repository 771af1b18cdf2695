"""Networks that tell findings: an encoder, and a linear classifier on top of it."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workflow_scripts.core.device import autocast, device, placed
from workflow_scripts.core.encoders import Card, normalised
from workflow_scripts.finetune.kinds import Kind
from workflow_scripts.finetune.protocols import Asked, Images

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
def said_of(
    network: nn.Module, card: Card, pixels: NDArray[np.uint8], kind: Kind
) -> NDArray[Any]:
    """Return what `network` says of uint8 `pixels`, (images, ...); see `kinds`."""
    if not len(pixels):
        return np.empty(0)
    network.eval()
    parts = []
    for start in range(0, len(pixels), BATCH):
        batch = torch.from_numpy(pixels[start : start + BATCH]).to(device())
        with autocast():
            logits = network(normalised(batch, card))
        parts.append(kind.said(logits.float()).cpu().numpy())
    return np.concatenate(parts)


def score(
    weights: dict[str, NDArray[Any]], images: Images, asked: Asked
) -> NDArray[Any]:
    """Return what the network of these `weights` says of `images`; see `kinds`."""
    encoder, card = images.load_encoder()
    network = asked.kind.network(encoder, images.features.shape[1], len(asked.findings))
    network.load_state_dict({k: torch.from_numpy(v) for k, v in weights.items()})
    return said_of(placed(network), card, images.pixels, asked.kind)

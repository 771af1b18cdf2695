"""Networks that tell findings: an encoder, and a linear classifier on top of it."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from workflow_scripts.core.device import autocast, device, placed
from workflow_scripts.core.encoders import Card, normalised
from workflow_scripts.core.errors import InputError
from workflow_scripts.finetune.kinds import Kind
from workflow_scripts.finetune.protocols import Asked, Images

BATCH = 256  # when scoring
OF_PICTURES = 32  # the same where the answers are pictures, which take more memory


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


class Separate(Network):
    """An encoder and linear probes, each taught for itself, that speak together."""

    def __init__(
        self, encoder: nn.Module, width: int, n_findings: int, kind: Kind
    ) -> None:
        """Put probes that say nothing yet on `encoder`; `kind` lets them agree."""
        super().__init__(encoder, width, n_findings)
        self.together = kind.together

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, shape (batch, findings)."""
        return self.together(super().forward(images))


class Levels(nn.Module):
    """One linear answer, and a bias for each level, which fall from level to level."""

    def __init__(self, width: int, n_levels: int) -> None:
        """Say nothing yet."""
        super().__init__()
        self.out_features = n_levels  # as a linear layer says it
        self.weight = nn.Parameter(torch.zeros(1, width))
        self.bias = nn.Parameter(torch.zeros(n_levels))

    def forward(self, features: Tensor) -> Tensor:
        """Return logits that do not rise from level to level, (batch, levels)."""
        falling = self.bias.sort(descending=True).values
        return functional.linear(features, self.weight) + falling


def assembled(
    weights: dict[str, NDArray[Any]], encoder: nn.Module, asked: Asked
) -> nn.Module:
    """Return the network that the kind puts on `encoder`, with these `weights`."""
    model: Any = encoder  # timm's; some of its heads keep a layer before the classifier
    width = int(getattr(model, "head_hidden_size", model.num_features))
    return filled(asked.kind.network(encoder, width, len(asked.findings)), weights)


def filled(network: nn.Module, weights: dict[str, NDArray[Any]]) -> nn.Module:
    """Return `network` with `weights`; an encoder that they leave out stays as it is.

    Raises:
        InputError: if they are of another network.
    """
    state = {key: torch.from_numpy(value) for key, value in weights.items()}
    if not any(key.startswith("encoder.") for key in state):
        own = network.state_dict().items()
        state |= {key: value for key, value in own if key.startswith("encoder.")}
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise InputError(f"weights of another network: {error}") from error
    return network.eval()


@torch.no_grad()
def said_of(
    network: nn.Module, card: Card, pixels: NDArray[np.uint8], kind: Kind
) -> NDArray[Any]:
    """Return what `network` says of uint8 `pixels`, (images, ...); see `kinds`."""
    if not len(pixels):
        return np.empty(0)
    network.eval()
    parts, size = [], OF_PICTURES if kind.PIXELS else BATCH
    for start in range(0, len(pixels), size):
        batch = torch.from_numpy(pixels[start : start + size]).to(device())
        with autocast():
            logits = network(normalised(batch, card))
        parts.append(kind.said(logits.float()).cpu().numpy())
    return np.concatenate(parts)


def score(
    weights: dict[str, NDArray[Any]], images: Images, asked: Asked
) -> NDArray[Any]:
    """Return what the network of these `weights` says of `images`; see `kinds`."""
    encoder, card = images.load_encoder()
    network = assembled(weights, encoder, asked)
    return said_of(placed(network), card, images.pixels, asked.kind)

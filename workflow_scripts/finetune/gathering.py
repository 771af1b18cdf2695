"""Networks in which a query gathers an encoder's tokens; see `attentive_probe`."""

import math
from typing import Any

import torch
from timm.layers.attention_pool import AttentionPoolLatent
from torch import Tensor, nn

from workflow_scripts.finetune.protocols import Asked


class Gatherer(nn.Module):
    """A query that gathers tokens, and what answers, which says nothing yet."""

    mean: Tensor
    deviation: Tensor
    heads: Tensor

    def __init__(self, width: int, heads: int, asked: Asked) -> None:
        """Make a query with `heads`; with fewer if they could not be equally wide."""
        super().__init__()
        heads = math.gcd(heads, width)
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("deviation", torch.ones(width))
        self.register_buffer("heads", torch.tensor(heads))  # no weight tells them
        self.pool = AttentionPoolLatent(
            width, out_features=0, num_heads=heads, q_proj=False
        )
        self.answering = asked.kind.network(nn.Identity(), width, len(asked.findings))

    def extra_repr(self) -> str:
        """Return what `str` says of the gatherer besides its layers."""
        return f"heads={int(self.heads)}, of (tokens - mean) / deviation"

    def forward(self, tokens: Tensor) -> Tensor:
        """Return logits, (batch, findings), of tokens, (batch, tokens, width)."""
        standard = (tokens - self.mean) / self.deviation
        logits: Tensor = self.answering(self.pool(standard))
        return logits


class Attentive(nn.Module):
    """An encoder, and what gathers its tokens and answers."""

    def __init__(self, encoder: nn.Module, gatherer: Gatherer) -> None:
        """Put `gatherer` on `encoder`."""
        super().__init__()
        self.encoder, self.gatherer = encoder, gatherer

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, shape (batch, findings)."""
        logits: Tensor = self.gatherer(places(self.encoder, images))
        return logits


def places(encoder: Any, images: Tensor) -> Tensor:  # noqa: ANN401 (timm's)
    """Return what `encoder` says of each place, shape (batch, tokens, width)."""
    said: Tensor = encoder.forward_features(images)
    if said.ndim == 3:
        return said
    if getattr(encoder, "output_fmt", "NCHW") == "NHWC":  # as in timm's Swin
        return said.flatten(1, 2)
    return said.flatten(2).transpose(1, 2)

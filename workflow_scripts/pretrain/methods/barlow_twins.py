"""Barlow Twins: make two views agree, feature by feature, and nothing repeat.

Zbontar et al. 2021, "Barlow Twins: Self-Supervised Learning via Redundancy
Reduction", https://arxiv.org/abs/2103.03230, equations 1 and 2. The head is lightly's.

The loss is our own: with several processes lightly's standardises each part of the
batch alone, where the authors' batch norm is synchronised.
"""

from dataclasses import dataclass

import torch
from lightly.models.modules.heads import BarlowTwinsProjectionHead
from torch import Tensor, nn

from workflow_scripts.pretrain.gathered import processes, summed
from workflow_scripts.pretrain.methods import Shape

EPSILON = 1e-5  # the authors' batch norm adds it to the variance


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the paper lets one choose."""

    projection_width: int = 8192
    off_diagonal_weight: float = 0.0051  # the authors' code; the paper says 0.005


def barlow_twins_loss(first: Tensor, second: Tensor, weight: float) -> Tensor:
    """Sum the squared distance of the cross-correlation from the identity.

    Args:
        first: projections of view one, shape (batch, features).
        second: projections of view two of the same images, same shape.
        weight: how much a redundant pair of features costs (lambda).

    Returns:
        A scalar, of all processes' images; 0 when every feature agrees with itself and
        no other.
    """
    n_images = len(first) * processes()
    correlation = summed(_standardised(first).T @ _standardised(second)) / n_images
    agreement = correlation.diagonal()
    redundancy = correlation.square().sum() - agreement.square().sum()
    return (1 - agreement).square().sum() + weight * redundancy


def _standardised(z: Tensor) -> Tensor:
    n_images = len(z) * processes()
    centred = z - summed(z.sum(0)) / n_images
    variance = summed(centred.square().sum(0)) / n_images
    return centred * (variance + EPSILON).rsqrt()


class Method(nn.Module):
    """An encoder, its projection head, and the loss."""

    views = 2
    local_views = 0

    def __init__(self, encoder: nn.Module, shape: Shape, options: Options) -> None:
        """Put a projection head on `encoder`, three layers of one width."""
        super().__init__()
        self.options = options
        self.encoder = encoder
        width = options.projection_width
        self.projection_head = BarlowTwinsProjectionHead(shape.width, width, width)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the loss of one batch."""
        z1, z2 = (
            self.projection_head(self.encoder(view)).float() for view in (first, second)
        )
        with torch.autocast(z1.device.type, enabled=False):
            return barlow_twins_loss(z1, z2, self.options.off_diagonal_weight)

    def after_step(self, share: float) -> None:
        """Nothing moves between steps."""

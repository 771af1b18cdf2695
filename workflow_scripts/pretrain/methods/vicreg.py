"""VICReg: make two views alike while every feature varies and no two go together.

Bardes, Ponce and LeCun 2022, "VICReg: Variance-Invariance-Covariance Regularization for
Self-Supervised Learning", https://arxiv.org/abs/2105.04906, equations 1 to 6. The head
is lightly's.

As in the authors' code, with which the weights were found, the invariance term is a
mean over features too (equation 5 sums them), and the variance terms of the two views
are averaged (equation 6 adds them). The loss equals lightly's; our own adds covariances
up over processes, where lightly's makes each process compute the whole batch's.
"""

from dataclasses import dataclass

import torch
from lightly.models.modules.heads import VICRegProjectionHead
from torch import Tensor, nn
from torch.nn import functional

from workflow_scripts.pretrain.gathered import processes, summed
from workflow_scripts.pretrain.methods import Shape

EPSILON = 1e-4  # added to the variance, equation 2


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the paper lets one choose."""

    projection_width: int = 8192
    invariance_weight: float = 25.0  # lambda
    variance_weight: float = 25.0  # mu
    covariance_weight: float = 1.0  # nu


def vicreg_loss(first: Tensor, second: Tensor, options: Options) -> Tensor:
    """Return the weighted sum of invariance, variance and covariance.

    Args:
        first: projections of view one, shape (batch, features).
        second: projections of view two of the same images, same shape.
        options: the three weights.

    Returns:
        A scalar; variance and covariance are of all processes' images. 0 when views
        agree, features have a deviation of 1 or more, and no two go together.
    """
    variance1, covariance1 = _spread(first)
    variance2, covariance2 = _spread(second)
    return (
        options.invariance_weight * functional.mse_loss(first, second)
        + options.variance_weight * (variance1 + variance2) / 2
        + options.covariance_weight * (covariance1 + covariance2)
    )


def _spread(z: Tensor) -> tuple[Tensor, Tensor]:
    """Return the variance term (equation 1) and the covariance term (equation 4)."""
    n_images = len(z) * processes()
    centred = z - summed(z.sum(0)) / n_images
    covariance = summed(centred.T @ centred) / (n_images - 1)
    variance = covariance.diagonal()
    short = functional.relu(1 - (variance + EPSILON).sqrt())
    off_diagonal = covariance.square().sum() - variance.square().sum()
    return short.mean(), off_diagonal / z.shape[1]


class Method(nn.Module):
    """An encoder, its expander, and the loss."""

    views = 2
    local_views = 0

    def __init__(self, encoder: nn.Module, shape: Shape, options: Options) -> None:
        """Put an expander on `encoder`, three layers of one width."""
        super().__init__()
        self.options = options
        self.encoder = encoder
        width = options.projection_width
        self.expander = VICRegProjectionHead(shape.width, width, width)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the loss of one batch."""
        z1, z2 = (self.expander(self.encoder(view)).float() for view in (first, second))
        with torch.autocast(z1.device.type, enabled=False):
            return vicreg_loss(z1, z2, self.options)

    def after_step(self, share: float) -> None:
        """Nothing moves between steps."""

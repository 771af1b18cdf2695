"""BYOL: predict what a slow copy of the network sees in the other view; no negatives.

Grill et al. 2020, "Bootstrap Your Own Latent: A New Approach to Self-Supervised
Learning", https://arxiv.org/abs/2006.07733, equations 1 and 2. Heads are lightly's.

The loss is the paper's, from 0 to 8 with both directions added; lightly's
negative cosine differs by a factor and a constant.
"""

from dataclasses import dataclass

import torch
from lightly.models.modules.heads import BYOLPredictionHead, BYOLProjectionHead
from lightly.models.utils import update_momentum
from torch import Tensor, nn
from torch.nn import functional

from workflow_scripts.pretrain.methods import Shape
from workflow_scripts.pretrain.momentum import rising, slow_copy


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the paper lets one choose."""

    projection_width: int = 256
    hidden_width: int = 4096
    momentum: float = 0.996  # of the target network at the start; rises to 1


def byol_loss(prediction: Tensor, projection: Tensor) -> Tensor:
    """Return the squared distance of unit vectors, equation 2.

    Args:
        prediction: of the online network for one view, shape (batch, width).
        projection: of the target network for the other view, same shape.

    Returns:
        Mean over the batch, from 0 (the same direction) to 4 (opposite).
    """
    return (2 - 2 * functional.cosine_similarity(prediction, projection)).mean()


class Method(nn.Module):
    """An online network of three parts, a target network of two, and the loss."""

    views = 2
    local_views = 0

    def __init__(self, encoder: nn.Module, shape: Shape, options: Options) -> None:
        """Put the heads on `encoder`; the target network begins as a copy."""
        super().__init__()
        self.options = options
        self.encoder = encoder
        hidden, out = options.hidden_width, options.projection_width
        self.projection_head = BYOLProjectionHead(shape.width, hidden, out)
        self.predictor = BYOLPredictionHead(out, hidden, out)
        self.target_encoder = slow_copy(encoder)
        self.target_head = slow_copy(self.projection_head)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the loss of one batch, each view predicting the other."""
        views = (first, second)
        prediction1, prediction2 = (
            self.predictor(self.projection_head(self.encoder(view))).float()
            for view in views
        )
        with torch.no_grad():
            target1, target2 = (
                self.target_head(self.target_encoder(view)).float() for view in views
            )
        return byol_loss(prediction1, target2) + byol_loss(prediction2, target1)

    def after_step(self, share: float) -> None:
        """Let the target network follow."""
        momentum = rising(self.options.momentum, share)
        update_momentum(self.encoder, self.target_encoder, m=momentum)
        update_momentum(self.projection_head, self.target_head, m=momentum)

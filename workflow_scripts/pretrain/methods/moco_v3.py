"""MoCo v3: tell an image's other view from the rest of the batch, seen by a slow copy.

Chen, Xie and He 2021, "An Empirical Study of Training Self-Supervised Vision
Transformers", https://arxiv.org/abs/2104.02057, algorithm 1: no queue, a prediction
head, both views as query and as key, the patch projection of a ViT frozen.

Layers of the heads are the authors' code's: batch norm in all, not learned in the last.
The slow copy follows after a step, not before the next one's keys: that is the same.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from lightly.models.modules.heads import ProjectionHead
from lightly.models.utils import update_momentum
from torch import Tensor, nn
from torch.nn import functional

from workflow_scripts.pretrain.gathered import gathered, rank_offset
from workflow_scripts.pretrain.methods import Shape
from workflow_scripts.pretrain.momentum import rising, slow_copy


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the paper lets one choose."""

    projection_width: int = 256
    hidden_width: int = 4096
    projection_layers: int = 3  # 2 for a ResNet in the authors' code
    temperature: float = 0.2  # 1.0 for a ResNet in the authors' code
    momentum: float = 0.99  # of the momentum encoder at the start; rises to 1
    frozen_patches: bool = True  # of a ViT, section 4.2; others have none to freeze


def contrastive(query: Tensor, key: Tensor, temperature: float) -> Tensor:
    """Return `ctr` of algorithm 1, scaled by twice the temperature.

    Args:
        query: predictions of this process's images, shape (batch, width).
        key: slow projections of another view of them, same shape.
        temperature: what cosines are divided by.

    Returns:
        Mean over the batch; negatives are the keys of all processes.
    """
    keys = gathered(functional.normalize(key, dim=1))
    logits = functional.normalize(query, dim=1) @ keys.T / temperature
    own = rank_offset(len(query)) + torch.arange(len(query), device=query.device)
    return 2 * temperature * functional.cross_entropy(logits, own)


def _head(n_layers: int, width: int, hidden_width: int, out: int) -> nn.Module:
    widths = [width, *[hidden_width] * (n_layers - 1)]
    hidden = [
        (before, after, nn.BatchNorm1d(after), nn.ReLU())
        for before, after in pairwise(widths)
    ]
    last = (widths[-1], out, nn.BatchNorm1d(out, affine=False), None)
    return ProjectionHead([*hidden, last])


class Method(nn.Module):
    """An encoder, its two heads, slow copies of the first two, and the loss."""

    views = 2
    local_views = 0

    def __init__(self, encoder: nn.Module, shape: Shape, options: Options) -> None:
        """Put the heads on `encoder`, copy it, and freeze a ViT's patch projection."""
        super().__init__()
        self.options = options
        self.encoder = encoder
        hidden, out = options.hidden_width, options.projection_width
        self.projection_head = _head(
            options.projection_layers, shape.width, hidden, out
        )
        self.predictor = _head(2, out, hidden, out)
        self.momentum_encoder = slow_copy(encoder)
        self.momentum_head = slow_copy(self.projection_head)
        patches = getattr(getattr(encoder, "patch_embed", None), "proj", None)
        if options.frozen_patches and patches is not None:
            patches.requires_grad_(False)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the loss of one batch, each view predicting the other."""
        views = (first, second)
        q1, q2 = (
            self.predictor(self.projection_head(self.encoder(view))).float()
            for view in views
        )
        with torch.no_grad():
            k1, k2 = (
                self.momentum_head(self.momentum_encoder(view)).float()
                for view in views
            )
        temperature = self.options.temperature
        with torch.autocast(q1.device.type, enabled=False):
            return contrastive(q1, k2, temperature) + contrastive(q2, k1, temperature)

    def after_step(self, share: float) -> None:
        """Let the slow copies follow."""
        momentum = rising(self.options.momentum, share)
        update_momentum(self.encoder, self.momentum_encoder, m=momentum)
        update_momentum(self.projection_head, self.momentum_head, m=momentum)

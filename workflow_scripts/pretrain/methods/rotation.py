"""Rotation: tell by how many quarter turns an image was turned.

Gidaris et al. 2018, "Unsupervised Representation Learning by Predicting Image
Rotations", https://arxiv.org/abs/1803.07728; equations 2 and 3. All four turns of an
image are in one batch, which the paper found better than one: a step costs four.

Radiographs stand upright, so the augmentation must not turn them: choose the policy
`none`, or one that turns by a few degrees only.

Deviation: one linear layer on the encoder's features, where the paper's network ends.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from workflow_scripts.pretrain.methods import Shape

QUARTER_TURNS = 4


@dataclass(frozen=True, kw_only=True)
class Options:
    """The paper leaves nothing to choose: four turns were its best."""


class Method(nn.Module):
    """An encoder, and a layer that names the turn."""

    views = 1
    local_views = 0
    transformer_only = False

    def __init__(self, encoder: nn.Module, shape: Shape, options: Options) -> None:
        """Put a linear layer on `encoder`."""
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(shape.width, QUARTER_TURNS)

    def forward(self, images: Tensor) -> Tensor:
        """Return the mean cross-entropy of the four turns of each image."""
        turns = range(QUARTER_TURNS)
        turned = torch.cat([torch.rot90(images, turn, (2, 3)) for turn in turns])
        truth = torch.arange(QUARTER_TURNS, device=images.device)
        logits = self.head(self.encoder(turned))
        return functional.cross_entropy(
            logits.float(), truth.repeat_interleave(len(images))
        )

    def after_step(self, share: float) -> None:
        """Nothing moves between steps."""

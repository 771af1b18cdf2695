"""SimMIM: hide large blocks of an image, and paint their pixels with one linear layer.

Xie et al. 2021, "SimMIM: A Simple Framework for Masked Image Modeling",
https://arxiv.org/abs/2111.09886; section 3.

In a vision transformer a learned token takes the place of each hidden patch, before
positions are added, as in the paper. Deviation: in any other encoder, which has no
patches, a learned block of pixels takes the place of each hidden block.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain import maps, tokens
from workflow_scripts.pretrain.methods import Shape


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the paper lets one choose."""

    hidden_share: float = 0.6  # of the blocks of an image
    mask_px: int = 32  # side of a hidden block


class Method(nn.Module):
    """An encoder that sees an image in part, and a layer that paints the rest."""

    views = 1
    local_views = 0
    transformer_only = False

    def __init__(self, encoder: nn.Module, shape: Shape, options: Options) -> None:
        """Put a linear layer behind `encoder`, and make what stands in for pixels."""
        super().__init__()
        self.encoder, self.mask_px = encoder, options.mask_px
        self.side = shape.size_px // options.mask_px
        self.n_hidden = math.ceil(self.side**2 * options.hidden_share)
        if shape.size_px % options.mask_px or not 0 < self.n_hidden < self.side**2:
            raise InputError(
                f"options: {shape.size_px} px are not whole blocks of mask_px "
                f"{options.mask_px}, some hidden and some not; choose a smaller mask_px"
            )
        stride = maps.stride(encoder, shape.size_px)
        self.transformer = tokens.is_transformer(encoder)
        if self.transformer and options.mask_px % stride:
            raise InputError(
                f"options: mask_px {options.mask_px} is not a multiple of the "
                f"encoder's patch, {stride} px"
            )
        # of a token, or of the pixels of a block
        size = (shape.map_width,) if self.transformer else (options.mask_px,) * 2
        self.mask_token = nn.Parameter(
            nn.init.trunc_normal_(torch.empty(size), std=0.02)
        )
        self.head = nn.Sequential(
            nn.Conv2d(shape.map_width, stride**2, 1), nn.PixelShuffle(stride)
        )

    def hidden(self, n_images: int, device: torch.device) -> Tensor:
        """Draw which blocks of each image are hidden, bool, (n_images, side, side)."""
        order = tokens.shuffled(n_images, self.side**2, device)
        none = torch.zeros(order.shape, dtype=torch.bool, device=device)
        drawn = none.scatter(1, order[:, : self.n_hidden], value=True)
        return drawn.view(n_images, self.side, self.side)

    def understood(self, images: Tensor, hidden: Tensor) -> Tensor:
        """Return the last map of `images` without their hidden blocks.

        Args:
            images: shape (batch, 1, size_px, size_px).
            hidden: bool, shape (batch, side, side).
        """
        if not self.transformer:
            blocks = self.mask_token.repeat(self.side, self.side)
            covered = torch.where(_spread(hidden, self.mask_px), blocks, images)
            return maps.last_map(self.encoder, covered)
        vit: Any = self.encoder
        patches = vit.patch_embed(images)
        n_side = tokens.grid(vit, images.shape[-1])[0]
        where = _spread(hidden, n_side // self.side).view(*patches.shape[:-1], 1)
        covered = torch.where(where, self.mask_token, patches)
        seen = tokens.understood(vit, tokens.embedded(vit, covered))
        places = seen[:, vit.num_prefix_tokens :].transpose(1, 2)
        return places.reshape(len(images), -1, n_side, n_side)

    def forward(self, images: Tensor) -> Tensor:
        """Return the mean absolute error on hidden pixels."""
        hidden = self.hidden(len(images), images.device)
        painted = self.head(self.understood(images, hidden))
        error = (painted.float() - images).abs()
        where = _spread(hidden, self.mask_px)
        loss: Tensor = torch.where(where, error, 0).sum() / where.sum()
        return loss

    def after_step(self, share: float) -> None:
        """Nothing moves between steps."""


def _spread(hidden: Tensor, times: int) -> Tensor:
    """Return `hidden` on a grid finer by `times`, (batch, 1, rows, columns)."""
    return hidden.repeat_interleave(times, 1).repeat_interleave(times, 2).unsqueeze(1)

"""MAE: look at a quarter of an image's patches, and paint the others.

He et al. 2021, "Masked Autoencoders Are Scalable Vision Learners",
https://arxiv.org/abs/2111.06377; section 3 and appendix A.1. For vision transformers.

Deviations: the encoder keeps timm's learned positions, where the paper has fixed sines
(the decoder's are fixed); registers, where an encoder has them, go the way of the class
token; the decoder reads patches in the order of the shuffle, each with its position,
which saves the way back and is the same to a transformer; pixels of visible patches,
on which the paper has no loss, are not painted.
"""

from dataclasses import dataclass
from typing import Any

import torch
from timm.models.vision_transformer import Block
from torch import Tensor, nn

from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain import tokens
from workflow_scripts.pretrain.methods import Shape


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the paper lets one choose; 4 blocks of 256 cost a third of its decoder."""

    hidden_share: float = 0.75  # of the patches; 0.9 suits radiographs (Xiao 2023)
    decoder_width: int = 512
    decoder_blocks: int = 8
    decoder_heads: int = 16


def cut_into_patches(images: Tensor, patch_px: int) -> Tensor:
    """Return the pixels of each patch, row by row, (batch, patches, patch_px**2)."""
    side = images.shape[-1] // patch_px
    cut = images.reshape(len(images), side, patch_px, side, patch_px)
    return cut.transpose(2, 3).reshape(len(images), side**2, patch_px**2)


def normalised(patches: Tensor) -> Tensor:
    """Return patches with mean 0 and variance 1, each by its own pixels."""
    mean = patches.mean(-1, keepdim=True)
    variance = patches.var(-1, keepdim=True)
    return (patches - mean) / (variance + 1e-6).sqrt()


def positions(side: int, width: int) -> Tensor:
    """Return sines and cosines of each patch's row and column, (side**2, width)."""
    rate = 10000 ** -(torch.arange(width // 4) / (width // 4))
    angle = torch.arange(side)[:, None] * rate
    waves = torch.cat([angle.sin(), angle.cos()], 1)  # (side, width / 2)
    rows = waves[:, None].expand(-1, side, -1)
    columns = waves[None].expand(side, -1, -1)
    return torch.cat([rows, columns], 2).flatten(0, 1)


class Decoder(nn.Module):
    """A narrow transformer that paints what the encoder did not see."""

    def __init__(self, width: int, side: int, patch_px: int, options: Options) -> None:
        """Read tokens of `width`, paint patches of `patch_px`, `side` in a row."""
        super().__init__()
        inner, heads = options.decoder_width, options.decoder_heads
        if inner % 4 or inner % heads:
            raise InputError(
                f"options: decoder_width {inner} must be a multiple of 4 and of "
                f"decoder_heads {heads}"
            )
        self.embed = nn.Linear(width, inner)
        self.mask_token = nn.Parameter(0.02 * torch.randn(1, 1, inner))
        blocks = range(options.decoder_blocks)
        self.blocks = nn.Sequential(
            *(Block(inner, heads, qkv_bias=True) for _ in blocks)
        )
        self.norm = nn.LayerNorm(inner)
        self.pixels = nn.Linear(inner, patch_px**2)
        self.positions: Tensor
        self.register_buffer("positions", positions(side, inner), persistent=False)
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)

    def forward(self, latent: Tensor, order: Tensor, n_shown: int) -> Tensor:
        """Paint the hidden patches.

        Args:
            latent: of prefix tokens and shown patches, (batch, tokens, width).
            order: int64, (batch, patches); places of all patches, the shown ones first.
            n_shown: how many of them were shown.

        Returns:
            Pixels, (batch, hidden patches, patch_px**2), in the order of `order`.
        """
        seen = self.embed(latent)
        prefix, shown = seen[:, :-n_shown], seen[:, -n_shown:]
        n_hidden = order.shape[1] - n_shown
        hidden = self.mask_token.expand(len(seen), n_hidden, -1)
        patches = torch.cat([shown, hidden], 1) + self.positions[order]
        read = self.norm(self.blocks(torch.cat([prefix, patches], 1)))
        painted: Tensor = self.pixels(read[:, -n_hidden:])
        return painted


class Method(nn.Module):
    """An encoder of what is shown, a decoder of the rest, and the loss."""

    views = 1
    local_views = 0
    transformer_only = True

    def __init__(self, encoder: nn.Module, shape: Shape, options: Options) -> None:
        """Put a decoder behind `encoder`, a vision transformer."""
        super().__init__()
        tokens.require(encoder, "mae")
        self.encoder = encoder
        side, self.patch_px = tokens.grid(encoder, shape.size_px)
        self.n_shown = int(side**2 * (1 - options.hidden_share))
        if not 0 < self.n_shown < side**2:
            raise InputError(
                f"options: hidden_share {options.hidden_share} of {side**2} patches "
                "leaves none to see or none to paint; choose another share"
            )
        self.decoder = Decoder(shape.map_width, side, self.patch_px, options)

    def latent(self, images: Tensor, places: Tensor) -> Tensor:
        """Return what the encoder makes of the patches at `places` alone.

        Args:
            images: shape (batch, 1, size_px, size_px).
            places: int64, shape (batch, shown patches).

        Returns:
            Shape (batch, prefix tokens and shown patches, width).
        """
        vit: Any = self.encoder
        every = tokens.embedded(vit, vit.patch_embed(images))
        prefix = every[:, : vit.num_prefix_tokens]
        shown = tokens.take(every[:, vit.num_prefix_tokens :], places)
        return tokens.understood(vit, torch.cat([prefix, shown], 1))

    def forward(self, images: Tensor) -> Tensor:
        """Return the mean squared error on hidden patches, each normalised."""
        patches = cut_into_patches(images, self.patch_px)
        order = tokens.shuffled(len(images), patches.shape[1], images.device)
        shown, hidden = order[:, : self.n_shown], order[:, self.n_shown :]
        painted = self.decoder(self.latent(images, shown), order, self.n_shown)
        target = normalised(tokens.take(patches, hidden))
        loss: Tensor = (painted.float() - target).square().mean()
        return loss

    def after_step(self, share: float) -> None:
        """Nothing moves between steps."""

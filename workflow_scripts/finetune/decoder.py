"""A decoder that makes a picture of what an encoder sees, at the size of its images.

A U-Net's: Ronneberger et al. 2015, https://arxiv.org/abs/1505.04597, as MONAI builds it
on any encoder (`UNetDecoder`). Unlike there, no pixel goes round the encoder: the
finest that the decoder is given are the encoder's own maps, so that encoders differ in
what they know and not in what they are spared.

The maps of a network of plain tokens (ViT) all have one stride. Those of four depths,
or as many as there are strides, become a pyramid, the earliest the finest, as in UNETR:
Hatamizadeh et al. 2022, https://arxiv.org/abs/2103.10504, but by bilinear steps.
"""

import math
from typing import Any

import torch
from monai.networks.blocks.convolutions import Convolution
from monai.networks.nets.flexible_unet import UNetDecoder
from torch import Tensor, nn
from torch.nn import functional

from workflow_scripts.core.errors import InputError

ACT = ("relu", {"inplace": True})
# Of groups: batches are small, and the coarsest map of a small image is one pixel
GROUPS = 8
NORM = ("group", {"num_groups": GROUPS})
FEWEST, MOST = 8, 128  # channels, at stride 1 and at most; doubled with the stride

Maps = dict[int, int]  # at stride 2**level: number of the encoder's map


class Segmenter(nn.Module):
    """An encoder and a decoder."""

    def __init__(self, encoder: nn.Module) -> None:
        """Put a decoder that says nothing yet on `encoder`.

        Raises:
            InputError: if timm cannot tell the encoder's maps.
        """
        super().__init__()
        if not hasattr(encoder, "forward_intermediates"):
            raise InputError(
                f"encoder: timm gives no maps of {type(encoder).__name__}; choose "
                "another backbone for a segmentation"
            )
        self.encoder = encoder
        told: Any = encoder.feature_info
        self.levels = levels([int(info["reduction"]) for info in told])
        widths = {level: told[at]["num_chs"] for level, at in self.levels.items()}
        self.decoder = Decoder(widths)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, shape (batch, 1, size_px, size_px)."""
        encoder: Any = self.encoder
        wanted = sorted(set(self.levels.values()))
        found = encoder.forward_intermediates(
            images, indices=wanted, stop_early=True, intermediates_only=True
        )
        by_number = dict(zip(wanted, found, strict=True))
        maps = {level: by_number[at] for level, at in self.levels.items()}
        logits: Tensor = self.decoder(maps, images.shape[-1])
        return logits


class Decoder(nn.Module):
    """Goes from the coarsest map to the size of the image, by the finer ones."""

    def __init__(self, widths: dict[int, int]) -> None:
        """Remember how wide the map of each level is.

        Args:
            widths: channels of the map at stride 2**level, for each level there is.
        """
        super().__init__()
        self.coarsest = max(widths)
        self.narrowed = nn.ModuleDict(
            {
                str(level): Convolution(
                    *(2, width, channels(level)), kernel_size=1, act=ACT, norm=NORM
                )
                for level, width in sorted(widths.items())
            }
        )
        every = range(self.coarsest + 1)
        self.up = UNetDecoder(
            spatial_dims=2,
            encoder_channels=[channels(n) if n in widths else 0 for n in every],
            decoder_channels=[channels(n) for n in reversed(every)][1:],
            act=ACT,
            norm=NORM,
            dropout=0.0,
            bias=False,
            upsample="nontrainable",
            pre_conv="default",
            interp_mode="linear",
            align_corners=False,
            is_pad=False,
        )
        # Of features that are never negative, a new layer's weights all fall while most
        # pixels are none of what is drawn: some trainings never said yes (measured)
        self.centred = nn.GroupNorm(GROUPS, channels(0))
        self.said = nn.Conv2d(channels(0), 1, kernel_size=1)
        nn.init.zeros_(self.said.weight)
        nn.init.zeros_(self.said.bias)  # type: ignore[arg-type]

    def forward(self, maps: dict[int, Tensor], size_px: int) -> Tensor:
        """Return logits, shape (batch, 1, size_px, size_px).

        Args:
            maps: of each level, shape (batch, channels, rows, columns); brought to
                sides that double from level to level, whatever the size of the images.
            size_px: side of the images.
        """
        grid = math.ceil(size_px / 2**self.coarsest)
        known = [
            resized(self.narrowed[str(n)](maps[n]), grid * 2 ** (self.coarsest - n))
            if n in maps
            else None
            for n in range(self.coarsest + 1)
        ]
        pixels = self.centred(self.up(known, skip_connect=self.coarsest))
        return resized(self.said(pixels), size_px)


def levels(strides: list[int]) -> Maps:
    """Return which of the encoder's maps stands for each level.

    Of several maps of one stride the last. Where all have one stride, those of even
    depths, the last for the coarsest level.

    Args:
        strides: of all maps, in the order of depth.
    """
    at = [max(1, round(math.log2(stride))) for stride in strides]
    if len(set(at)) > 1 or len(at) == 1:
        return {level: number for number, level in enumerate(at)}
    n_levels = min(at[0], len(at))
    depths = [len(at) * part // n_levels - 1 for part in range(1, n_levels + 1)]
    return dict(zip(range(at[0] - n_levels + 1, at[0] + 1), depths, strict=True))


def channels(level: int) -> int:
    """Return how many channels the decoder has at stride 2**level."""
    return min(FEWEST * 2**level, MOST)


def resized(maps: Tensor, side: int) -> Tensor:
    """Return `maps` with another `side`, if they have another; bilinear."""
    if maps.shape[-2:] == torch.Size((side, side)):
        return maps
    return functional.interpolate(
        maps, size=(side, side), mode="bilinear", align_corners=False
    )

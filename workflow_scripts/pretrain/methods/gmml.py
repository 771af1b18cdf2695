"""GMML: hide groups of connected patches under noise, and paint them back.

Atito et al. 2021, "GMML is All You Need", https://arxiv.org/abs/2205.14986 (group
masked model learning), as used on chest X-rays by Anwar et al. 2022, "SPCXR",
https://arxiv.org/abs/2211.12944. Written from the papers.

Deviations: the head reads the encoder's last feature map, where the authors join four
blocks of a ViT, so that convolutional encoders can be trained too; what is hidden is
filled with Gaussian noise only, not with pieces of other images.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain.methods import Shape


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the papers let one choose."""

    hidden_share: float = 0.75  # most of an image that is hidden; the least is 0.5
    patch_px: int = 16  # side of the grid that hidden rectangles are aligned to
    side_share: float = 0.3  # longest side of a rectangle; share of the image's
    head_width: int = 256


def hidden_patches(
    n_images: int,
    side: int,
    options: Options,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draw which patches of each image are hidden: rectangles until enough is covered.

    Args:
        n_images: how many images.
        side: patches along one side of an image.
        options: how much is hidden, and how long a rectangle may be.
        generator: of the random numbers, on the CPU; torch's own when left out.

    Returns:
        bool, shape (n_images, side, side); True is hidden. The share hidden is at
        least a number drawn from between 0.5 and `hidden_share`.
    """
    longest = max(1, round(side * options.side_share))
    least = min(0.5, options.hidden_share)
    draw = torch.rand(n_images, 1, generator=generator)
    wanted = least + (options.hidden_share - least) * draw
    hidden = torch.zeros(n_images, side, side, dtype=torch.bool)
    place = torch.arange(side)
    short = torch.ones(n_images, dtype=torch.bool)
    while short.any():
        # one rectangle for every image that is short of its share
        size = torch.randint(1, longest + 1, (n_images, 2), generator=generator)
        corner = torch.rand(n_images, 2, generator=generator)
        start = (corner * (side - size + 1)).long()
        inside = (place >= start[..., None]) & (place < (start + size)[..., None])
        rectangle = inside[:, 0, :, None] & inside[:, 1, None, :]
        hidden |= rectangle & short[:, None, None]
        short = hidden.flatten(1).float().mean(1) < wanted[:, 0]
    return hidden


class Method(nn.Module):
    """An encoder, a light head that paints, and the loss on what was hidden."""

    views = 1

    def __init__(self, encoder: nn.Module, shape: Shape, options: Options) -> None:
        """Put a head on `encoder` that turns its last feature map into an image."""
        super().__init__()
        if shape.size_px % options.patch_px:
            raise InputError(
                f"options: {shape.size_px} px are not whole patches of "
                f"{options.patch_px} px; choose another patch_px"
            )
        self.options = options
        self.encoder = encoder
        with torch.no_grad():
            empty = torch.zeros(1, 1, shape.size_px, shape.size_px)
            stride = shape.size_px // self._map(empty).shape[-1]
        width = options.head_width
        self.head = nn.Sequential(
            nn.Conv2d(shape.map_width, width, 1),
            nn.GELU(),
            nn.Conv2d(width, width, 1),
            nn.GELU(),
            nn.Conv2d(width, width, 1),
            # the paper's transposed convolution, its kernel as wide as its stride, in
            # a form that is 2.9 times faster on a CPU (docs/decisions.md, 9)
            nn.Conv2d(width, stride**2, 1),
            nn.PixelShuffle(stride),
        )

    def _map(self, images: Tensor) -> Tensor:
        """Return the encoder's last feature map, (batch, channels, rows, columns)."""
        maps = self.encoder.forward_intermediates(  # type: ignore[operator]
            images, indices=1, norm=True, intermediates_only=True
        )
        last: Tensor = maps[-1]
        return last

    def forward(self, images: Tensor) -> Tensor:
        """Return the mean absolute error on hidden pixels."""
        patch_px = self.options.patch_px
        side = images.shape[-1] // patch_px
        hidden = hidden_patches(len(images), side, self.options)
        hidden = hidden.repeat_interleave(patch_px, 1).repeat_interleave(patch_px, 2)
        hidden = hidden.unsqueeze(1).to(images.device)
        noise = torch.randn_like(images)
        painted = self.head(self._map(torch.where(hidden, noise, images)))
        return (painted.float() - images)[hidden].abs().mean()

    def after_step(self, share: float) -> None:
        """Nothing moves between steps."""

"""GMML: hide groups of connected patches under noise, and paint them back.

Atito et al. 2021, "GMML is All You Need", https://arxiv.org/abs/2205.14986 (group
masked model learning), as used on chest X-rays by Anwar et al. 2022, "SPCXR",
https://arxiv.org/abs/2211.12944. Written from the papers.

In a vision transformer of twelve blocks the head reads the sixth, eighth, tenth and
last joined, in another the blocks at the same shares of its depth. Deviations: of any
other encoder the head reads the last feature map; what is hidden is filled in one way
throughout a run, where the authors' code can mix noise and pieces of other images.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain import maps, tokens
from workflow_scripts.pretrain.methods import Shape

FILLS = ("noise", "zeros", "alien")
JOINED = (6 / 12, 8 / 12, 10 / 12, 12 / 12)  # blocks of a transformer; of its depth


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the papers let one choose."""

    hidden_share: float = 0.75  # most of an image that is hidden; the least is 0.5
    patch_px: int = 16  # side of the grid that hidden rectangles are aligned to
    side_share: float = 0.3  # longest side of a rectangle; share of the image's
    head_width: int = 256
    fill: str = "noise"  # or "zeros", the pool's mean grey; or "alien", another image


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
    wanted = least + (options.hidden_share - least) * draw[:, 0]
    # numbers, not bool, which is counted twice as slowly
    hidden = torch.zeros(n_images, side, side, dtype=torch.uint8)
    place = torch.arange(side)
    short = torch.ones(n_images, dtype=torch.bool)
    while short.any():
        # one rectangle for every image that is short of its share
        size = torch.randint(1, longest + 1, (n_images, 2), generator=generator)
        corner = torch.rand(n_images, 2, generator=generator)
        start = (corner * (side - size + 1)).long()
        inside = (place >= start[..., None]) & (place < (start + size)[..., None])
        inside = (inside & short[:, None, None]).to(torch.uint8)
        hidden |= inside[:, 0, :, None] & inside[:, 1, None, :]
        short = hidden.flatten(1).sum(1, dtype=torch.int32) / side**2 < wanted
    return hidden.bool()


class Method(nn.Module):
    """An encoder, a light head that paints, and the loss on what was hidden."""

    views = 1
    local_views = 0

    def __init__(self, encoder: nn.Module, shape: Shape, options: Options) -> None:
        """Put a head on `encoder` that turns what it made of an image into one."""
        super().__init__()
        _check(options, shape.size_px)
        self.options = options
        self.encoder = encoder
        self.blocks = _joined(encoder)
        stride = maps.stride(encoder, shape.size_px)
        width = options.head_width
        self.head = nn.Sequential(
            nn.Conv2d(shape.map_width * max(1, len(self.blocks)), width, 1),
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
        """Return what the head reads, (batch, channels, rows, columns)."""
        if not self.blocks:
            return maps.last_map(self.encoder, images)
        seen = self.encoder.forward_intermediates(  # type: ignore[operator]
            images, indices=self.blocks, norm=True, intermediates_only=True
        )
        return torch.cat(seen, 1)

    def _fill(self, images: Tensor) -> Tensor:
        """Return what stands where `images` are hidden."""
        if self.options.fill == "zeros":
            return torch.zeros_like(images)
        if self.options.fill == "alien":
            return images.roll(1, 0)  # a batch is in random order
        return torch.randn_like(images)

    def forward(self, images: Tensor) -> Tensor:
        """Return the mean absolute error on hidden pixels."""
        patch_px = self.options.patch_px
        side = images.shape[-1] // patch_px
        hidden = hidden_patches(len(images), side, self.options)
        hidden = hidden.repeat_interleave(patch_px, 1).repeat_interleave(patch_px, 2)
        hidden = hidden.unsqueeze(1).to(images.device)
        covered = torch.where(hidden, self._fill(images), images)
        painted = self.head(self._map(covered))
        return (painted.float() - images)[hidden].abs().mean()

    def after_step(self, share: float) -> None:
        """Nothing moves between steps."""


def _joined(encoder: nn.Module) -> list[int]:
    """Return the blocks of a transformer that are read, from 0; none of another."""
    if not tokens.is_transformer(encoder):
        return []
    depth = len(encoder.blocks)  # type: ignore[arg-type]
    return sorted({max(1, round(depth * share)) - 1 for share in JOINED})


def _check(options: Options, size_px: int) -> None:
    """Refuse what would not train.

    Raises:
        InputError: naming the option, and what to choose.
    """
    if size_px % options.patch_px:
        raise InputError(
            f"options: {size_px} px are not whole patches of "
            f"{options.patch_px} px; choose another patch_px"
        )
    if not 0 < options.hidden_share < 1:
        raise InputError(
            f"options: hidden_share {options.hidden_share}; choose one between 0 and 1"
        )
    if options.fill not in FILLS:
        raise InputError(f"options: no fill {options.fill!r}; there are {FILLS}")

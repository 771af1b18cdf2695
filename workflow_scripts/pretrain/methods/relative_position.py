"""Relative position: where does the second of two neighbouring tiles lie?

Doersch et al. 2015, "Unsupervised Visual Representation Learning by Context
Prediction", https://arxiv.org/abs/1505.05192; section 3. Against trivial solutions, as
there: a gap of half a tile, and jitter of both. Against colour fringes of a lens
nothing is needed: radiographs have neither.

Deviations: tiles are a share of an image, not 96 px; the first tile is drawn from where
all eight neighbours would fit, so that it alone cannot tell the answer; tiles are not
made coarse at random; the encoder's features stand for the paper's network up to fc6.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain import tiles
from workflow_scripts.pretrain.methods import Shape

NEIGHBOURS = (
    *((-1, -1), (-1, 0), (-1, 1)),
    *((0, -1), (0, 1)),
    *((1, -1), (1, 0), (1, 1)),
)  # rows down, columns to the right


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the paper lets one choose."""

    tile_share: float = 0.2  # of a side; 96 px of its images are 0.14 to 0.25
    gap_share: float = 0.5  # of a tile, between two neighbours
    jitter_share: float = 7 / 96  # of a tile, at most, either way
    hidden_width: int = 4096


class Method(nn.Module):
    """An encoder of tiles, and layers that compare two."""

    views = 1
    local_views = 0
    transformer_only = False

    def __init__(self, encoder: nn.Module, shape: Shape, options: Options) -> None:
        """Put layers on `encoder` that read two tiles."""
        super().__init__()
        self.encoder, self.size_px = encoder, shape.size_px
        self.tile_px = max(1, round(shape.size_px * options.tile_share))
        self.step_px = self.tile_px + max(1, round(self.tile_px * options.gap_share))
        self.jitter_px = round(self.tile_px * options.jitter_share)
        # first and last row, or column, at which the first tile may begin
        self.first_px = self.step_px + self.jitter_px
        self.last_px = shape.size_px - self.tile_px - self.first_px
        gap_px = self.step_px - self.tile_px
        if self.last_px < self.first_px or 2 * self.jitter_px >= gap_px:
            raise InputError(
                f"options: tiles of {self.tile_px} px with gaps of {gap_px} and jitter "
                f"of {self.jitter_px} do not fit apart into {shape.size_px} px; choose "
                "a smaller tile_share or jitter_share"
            )
        self.shown_px = tiles.shown_px(encoder, self.tile_px, shape.size_px)
        self.head = nn.Sequential(
            nn.Linear(2 * shape.width, options.hidden_width),
            # without scale and shift, as in the paper: activations must vary
            nn.BatchNorm1d(options.hidden_width, affine=False),
            nn.ReLU(),
            nn.Linear(options.hidden_width, len(NEIGHBOURS)),
        )
        self.neighbours: Tensor
        towards = torch.tensor(NEIGHBOURS)
        self.register_buffer("neighbours", towards, persistent=False)

    def corners(self, truth: Tensor) -> tuple[Tensor, Tensor]:
        """Draw where two tiles begin.

        Args:
            truth: int64, shape (images,); which neighbour the second tile is.

        Returns:
            Corners of the first tile and of the second: px from the top and from the
            left, int64, each (images, 2).
        """
        n, here = len(truth), truth.device
        ways = 2 * self.jitter_px + 1
        jitter = torch.randint(ways, (2, n, 2), device=here) - self.jitter_px
        room = self.last_px - self.first_px + 1
        centre = self.first_px + torch.randint(room, (n, 2), device=here)
        away = self.step_px * self.neighbours[truth]
        return centre + jitter[0], centre + away + jitter[1]

    def forward(self, images: Tensor) -> Tensor:
        """Return the mean cross-entropy of each image's pair."""
        n, here = len(images), images.device
        truth = torch.randint(len(NEIGHBOURS), (n,), device=here)
        top, left = torch.cat(self.corners(truth)).unbind(1)
        which = torch.arange(n, device=here).repeat(2)
        cut = tiles.cut(images, which, top, left, self.tile_px)
        first, second = self.encoder(tiles.shown(cut, self.shown_px)).chunk(2)
        logits = self.head(torch.cat([first, second], 1))
        return functional.cross_entropy(logits.float(), truth)

    def after_step(self, share: float) -> None:
        """Nothing moves between steps."""

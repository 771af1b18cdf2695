"""Jigsaw: cut an image into nine tiles, shuffle them, and tell how.

Noroozi and Favaro 2016, "Unsupervised Learning of Visual Representations by Solving
Jigsaw Puzzles", https://arxiv.org/abs/1603.09246; algorithm 1 and section 4. Against
trivial solutions, as there: a random gap between tiles, and each tile normalised by
itself. Colour jitter, for which radiographs have no colour, is left out.

Deviations: tiles keep the paper's share of an image (64 of 75 px in each cell), not its
number of px; the encoder's features stand for its convolutions; algorithm 1 begins with
the identity, not at random, which by symmetry is a renaming of tiles, and of equally
far permutations, which it leaves open, the one farthest from its nearest is taken.
"""

import itertools
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain import tiles
from workflow_scripts.pretrain.methods import Shape

SIDE = 3
TILES = SIDE**2
TILE_SHARE = 64 / 75  # of the side of a cell
FLAT = 1e-2  # a tile that varies less is empty, and stays so


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the paper lets one choose."""

    permutations: int = 1000  # fewer make an easier task; a small pool wants 100
    tile_width: int = 512  # of what is kept of a tile (fc6)
    hidden_width: int = 4096  # of what is kept of all nine (fc7)


@cache
def far_permutations(n: int) -> Tensor:
    """Choose permutations of the nine tiles that differ in as many places as can be.

    Each next one has the largest sum of Hamming distances to those already chosen.

    Returns:
        int64, shape (n, 9); the first is the identity.
    """
    orders = itertools.permutations(range(TILES))
    every = np.fromiter(itertools.chain.from_iterable(orders), np.int8).reshape(
        -1, TILES
    )
    by_place = np.ascontiguousarray(every.T)  # comparing along memory: 10 times faster
    total = np.zeros(len(every), np.int32)
    nearest = np.full(len(every), TILES, np.int32)
    chosen = [0]
    while len(chosen) < n:
        newest = every[chosen[-1]]
        distance = np.zeros(len(every), np.int8)
        for place, tile in zip(by_place, newest, strict=True):
            distance += place != tile
        total += distance
        nearest = np.minimum(nearest, distance)
        score = np.where(nearest > 0, (TILES + 1) * total + nearest, -1)
        chosen.append(int(score.argmax()))
    return torch.from_numpy(every[chosen].astype(np.int64))


class Method(nn.Module):
    """An encoder of tiles, and layers that tell their order."""

    views = 1
    local_views = 0
    transformer_only = False

    def __init__(self, encoder: nn.Module, shape: Shape, options: Options) -> None:
        """Put the context-free network's last layers on `encoder`."""
        super().__init__()
        if not 2 <= options.permutations <= 10000:
            raise InputError(
                f"options: permutations {options.permutations}, choose 2 to 10000"
            )
        self.encoder = encoder
        self.cell_px = shape.size_px // SIDE
        self.tile_px = max(1, round(self.cell_px * TILE_SHARE))
        self.shown_px = tiles.shown_px(encoder, self.tile_px, shape.size_px)
        width = options.tile_width
        self.tile_head = nn.Sequential(nn.Linear(shape.width, width), nn.ReLU())
        self.order_head = nn.Sequential(
            nn.Linear(TILES * width, options.hidden_width),
            nn.ReLU(),
            nn.Linear(options.hidden_width, options.permutations),
        )
        self.permutations: Tensor
        self.register_buffer(
            "permutations", far_permutations(options.permutations).clone()
        )

    def corners(self, n_images: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Draw where in its cell each tile begins.

        Returns:
            First row and first column, px, int64, each (n_images, 9), tiles row by row.
        """
        room = self.cell_px - self.tile_px + 1
        jitter = torch.randint(room, (2, n_images, TILES), device=device)
        place = torch.arange(TILES, device=device)
        top = place // SIDE * self.cell_px + jitter[0]
        left = place % SIDE * self.cell_px + jitter[1]
        return top, left

    def forward(self, images: Tensor) -> Tensor:
        """Return the mean cross-entropy of each image's permutation."""
        n, here = len(images), images.device
        truth = torch.randint(len(self.permutations), (n,), device=here)
        # the tile at place i of a puzzle is the permutation's i-th of the image
        shuffle = self.permutations[truth]
        top, left = (corner.gather(1, shuffle) for corner in self.corners(n, here))
        which = torch.arange(n, device=here).repeat_interleave(TILES)
        cut = tiles.cut(images, which, top.flatten(), left.flatten(), self.tile_px)
        seen = self.encoder(normalised(tiles.shown(cut, self.shown_px)))
        logits = self.order_head(self.tile_head(seen).view(n, -1))
        return functional.cross_entropy(logits.float(), truth)

    def after_step(self, share: float) -> None:
        """Nothing moves between steps."""


def normalised(tiles: Tensor) -> Tensor:
    """Return tiles with mean 0 and deviation 1, each by its own pixels."""
    deviation, mean = torch.std_mean(tiles, (1, 2, 3), correction=0, keepdim=True)
    return (tiles - mean) / deviation.clamp(min=FLAT)

"""Parts of an image as an encoder is shown them, for tasks about where they lie."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from workflow_scripts.pretrain import maps, tokens


def cut(images: Tensor, which: Tensor, top: Tensor, left: Tensor, side: int) -> Tensor:
    """Cut a square tile at each corner.

    Args:
        images: shape (batch, 1, size_px, size_px).
        which: int64, shape (tiles,); the image that a tile is from.
        top: int64, shape (tiles,); first row of a tile, px.
        left: int64, shape (tiles,); first column, px.
        side: of a tile, px.

    Returns:
        Shape (tiles, 1, side, side).
    """
    reach = torch.arange(side, device=images.device)
    rows = (top[:, None] + reach)[:, :, None]
    columns = (left[:, None] + reach)[:, None, :]
    return images[:, 0][which[:, None, None], rows, columns].unsqueeze(1)


def shown_px(encoder: nn.Module, tile_px: int, size_px: int) -> int:
    """Return the side at which `encoder` is shown tiles of `tile_px`.

    At least two places of its last map, or a tile would say little (and, on maps of one
    place, a CPU's bfloat16 gradients of strided convolutions are wrong), and at most
    the size of whole images. A vision transformer is made free of its size and takes
    whole patches; another encoder that takes one size only gets tiles of that size.

    Args:
        encoder: of any kind, in evaluation mode, on the CPU.
        tile_px: side of a tile.
        size_px: side of the images it was made for.
    """
    if tokens.is_transformer(encoder):
        n_side, patch_px = tokens.grid(encoder, size_px)
        tokens.free_of_size(encoder)
        return min(max(2, round(tile_px / patch_px)), n_side) * patch_px
    place_px = math.ceil(size_px / maps.places(encoder, size_px))
    side = min(max(tile_px, 2 * place_px), size_px)
    try:
        with torch.no_grad():
            encoder(torch.zeros(1, 1, side, side))
    except (AssertionError, RuntimeError, ValueError):
        return size_px
    return side


def shown(tiles: Tensor, side: int) -> Tensor:
    """Return `tiles`, (tiles, 1, side, side), resized where they have another side."""
    if tiles.shape[-1] == side:
        return tiles
    return functional.interpolate(tiles, size=side, mode="bilinear")

"""The last feature map of any timm encoder."""

from typing import Any

import torch
from torch import Tensor, nn

from workflow_scripts.core.errors import InputError


def last_map(encoder: Any, images: Tensor) -> Tensor:  # noqa: ANN401 (timm's)
    """Return the encoder's last feature map, (batch, channels, rows, columns)."""
    maps = encoder.forward_intermediates(
        images, indices=1, norm=True, intermediates_only=True
    )
    last: Tensor = maps[-1]
    return last


def places(encoder: nn.Module, size_px: int) -> int:
    """Return how many places the last map has along a side of an image."""
    with torch.no_grad():
        return last_map(encoder, torch.zeros(1, 1, size_px, size_px)).shape[-1]


def stride(encoder: nn.Module, size_px: int) -> int:
    """Return how many px of a side of the image one place of the last map stands for.

    Raises:
        InputError: if the map does not cover the image exactly, so that no head could
            paint a whole one.
    """
    side = places(encoder, size_px)
    if size_px % side:
        raise InputError(
            f"size_px: {size_px} px are not a multiple of the encoder's map, "
            f"{side} places wide; choose a size_px that is a multiple of 32"
        )
    return size_px // side

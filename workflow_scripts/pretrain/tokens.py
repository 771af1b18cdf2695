"""The tokens of timm's vision transformers, in the words of timm.

A token is what a transformer makes of one patch; class and register tokens, which stand
for no patch, come before them and are called prefix tokens.
"""

from typing import Any

import torch
from timm.layers.format import Format
from timm.layers.patch_embed import PatchEmbed
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from workflow_scripts.core.errors import InputError


def is_transformer(encoder: nn.Module) -> bool:
    """Say whether each token of `encoder` begins as one patch and nothing else.

    So not for a hybrid, whose first layers are convolutions that mix patches, nor for
    one with windows (Swin) or with positions inside its blocks (BEiT, EVA).
    """
    return isinstance(encoder, VisionTransformer) and isinstance(
        encoder.patch_embed, PatchEmbed
    )


def require(encoder: nn.Module, method: str) -> None:
    """Refuse an `encoder` without tokens.

    Raises:
        InputError: naming the `method`, what it was given, and what to choose.
    """
    if not is_transformer(encoder):
        raise InputError(
            f"method: {method} needs a plain vision transformer of timm, not a "
            f"{type(encoder).__name__}; start from one such as "
            "vit_small_patch16_224, or choose gmml or simmim, which train any encoder"
        )


def grid(encoder: Any, size_px: int) -> tuple[int, int]:  # noqa: ANN401 (timm's)
    """Return how many patches stand along a side, and the side of a patch in px.

    Raises:
        InputError: if an image is not whole square patches.
    """
    high, wide = encoder.patch_embed.patch_size
    if high != wide or size_px % high:
        raise InputError(
            f"size_px: {size_px} px are not whole square patches of {high} x {wide} "
            "px; choose a size_px that is a multiple of the encoder's patch"
        )
    return size_px // high, high


def embedded(encoder: Any, patches: Tensor) -> Tensor:  # noqa: ANN401
    """Put prefix tokens before embedded patches, and tell each where it stands.

    Args:
        encoder: a vision transformer.
        patches: what its `patch_embed` gives.

    Returns:
        Shape (batch, prefix tokens and patches, width).
    """
    tokens: Tensor = encoder._pos_embed(patches)
    return tokens


def understood(encoder: Any, tokens: Tensor) -> Tensor:  # noqa: ANN401
    """Return what the blocks of `encoder` make of `tokens`, however many there are."""
    seen = encoder.blocks(encoder.norm_pre(tokens))
    # with pooling by the mean, timm puts the last norm behind the pooling
    last = encoder.fc_norm if isinstance(encoder.norm, nn.Identity) else encoder.norm
    normal: Tensor = last(seen)
    return normal


def take(tokens: Tensor, places: Tensor) -> Tensor:
    """Return the tokens at `places`.

    Args:
        tokens: shape (batch, patches, width).
        places: int64, shape (batch, taken).

    Returns:
        Shape (batch, taken, width).
    """
    return tokens.gather(1, places[..., None].expand(-1, -1, tokens.shape[-1]))


def shuffled(n_images: int, n_places: int, device: torch.device) -> Tensor:
    """Return an order of the places for each image, int64, (n_images, n_places)."""
    return torch.rand(n_images, n_places, device=device).argsort(1)


def free_of_size(encoder: Any) -> None:  # noqa: ANN401
    """Let `encoder` take images of any whole number of patches.

    Positions are then interpolated where the size is another; weights, and features
    of images of the encoder's own size, stay what they are.
    """
    encoder.dynamic_img_size = True
    embed = encoder.patch_embed
    embed.strict_img_size, embed.flatten = False, False
    embed.output_fmt = Format.NHWC

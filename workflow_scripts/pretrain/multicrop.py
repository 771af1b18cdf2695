"""Views of two sizes and weights that wait: what SwAV and DINO share."""

from collections.abc import Sequence
from itertools import groupby

import torch
from timm.layers.format import Format
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from workflow_scripts.core.errors import InputError


def open_to_sizes(encoder: nn.Module) -> None:
    """Let `encoder` take images smaller than those it was built for.

    A ViT interpolates its positions then; at its own size it gives the same bits.

    Raises:
        InputError: if it can take images of one size only.
    """
    if isinstance(encoder, VisionTransformer) and not encoder.dynamic_img_size:
        encoder.dynamic_img_size = True  # type: ignore[misc]
        patches = encoder.patch_embed
        patches.strict_img_size, patches.flatten = False, False
        patches.output_fmt = Format.NHWC
    elif getattr(getattr(encoder, "patch_embed", None), "strict_img_size", False):
        raise InputError(
            f"options: {type(encoder).__name__} takes images of one size only; "
            "set local_views to 0"
        )


def features(encoder: nn.Module, views: Sequence[Tensor]) -> Tensor:
    """Return features of all views, (views x batch, width), in the order of views.

    Views of one size go through the encoder together, as in both authors' code: its
    batch norms see them as one batch.
    """
    sizes = groupby(views, key=lambda view: view.shape[-1])
    return torch.cat([encoder(torch.cat(list(group))) for _, group in sizes])


def held(weight: Tensor, moving: Tensor) -> Tensor:
    """Return `weight` with its gradient times `moving`, 0 (held) or 1.

    The authors set the gradient to None instead; a zero needs no word to the optimiser
    and keeps processes in step. Weight decay still shortens what is held: use it for
    weights of which the length does not count.
    """
    still = weight.detach()
    return still + moving * (weight - still)

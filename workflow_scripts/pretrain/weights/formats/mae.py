"""Masked autoencoders, https://github.com/facebookresearch/mae.

He et al. 2022, https://arxiv.org/abs/2111.06377. The encoder is kept, the decoder left.
What is published holds the encoder alone and looks like timm's: ask for `mae` there, or
the pixels are taken to be as timm's default for that network has them.
"""

from torch import Tensor

from workflow_scripts.pretrain.weights.formats import IMAGENET, before

PIXELS = IMAGENET


def place(tensors: dict[str, Tensor]) -> str | None:
    """Return where an encoder stands beside its decoder, None if there is none."""
    found = before(tensors, "decoder_pos_embed")
    return next((p for p in found if f"{p}mask_token" in tensors), None)

"""Torchvision's networks where their names are not timm's.

https://github.com/pytorch/vision. Vision transformers, ConvNeXt, and DenseNets of old
(`norm.1`); its ResNets are named as timm's are, and need no format.
"""

from torch import Tensor

from workflow_scripts.pretrain.weights.formats import IMAGENET, before
from workflow_scripts.pretrain.weights.naming import SIGNS

PIXELS = IMAGENET


def place(tensors: dict[str, Tensor]) -> str | None:
    """Return where one of its networks is, None if there is none."""
    for sign in SIGNS:
        if found := before(tensors, sign):
            return found[0]
    return None

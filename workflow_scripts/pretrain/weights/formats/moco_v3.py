"""MoCo v3, https://github.com/facebookresearch/moco-v3.

Chen, Xie and He 2021, https://arxiv.org/abs/2104.02057. The base encoder is evaluated;
the momentum encoder and the predictor are left.
"""

from torch import Tensor

from workflow_scripts.pretrain.weights.formats import IMAGENET, through

PIXELS = IMAGENET


def place(tensors: dict[str, Tensor]) -> str | None:
    """Return where the base encoder is, None if there is none."""
    return through(tensors, "base_encoder.")

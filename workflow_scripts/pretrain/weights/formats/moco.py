"""MoCo v1 and v2, https://github.com/facebookresearch/moco.

He et al. 2020, https://arxiv.org/abs/1911.05722; Chen et al. 2020,
https://arxiv.org/abs/2003.04297. The query encoder is evaluated; the key encoder and
the queue are left.
"""

from torch import Tensor

from workflow_scripts.pretrain.weights.formats import IMAGENET, through

PIXELS = IMAGENET


def place(tensors: dict[str, Tensor]) -> str | None:
    """Return where the query encoder is, None if there is none."""
    return through(tensors, "encoder_q.")

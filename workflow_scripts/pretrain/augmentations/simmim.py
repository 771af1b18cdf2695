"""SimMIM's policy: a crop of at least two thirds of the area, and a mirror image.

Xie et al. 2021, "SimMIM: A Simple Framework for Masked Image Modeling",
https://arxiv.org/abs/2111.09886: random resized crop of 0.67 to 1 of the area, of
ratio 3/4 to 4/3, and a random flip. The third step, normalising by colour channel, is
the training loop's, for one channel.

A mirrored chest has its heart on the wrong side: `radiograph` never does that.
"""

import torch
from torch import Tensor

from workflow_scripts.pretrain.optics import cropped

AREA = (0.67, 1.0)
RATIO = (3 / 4, 4 / 3)
MIRRORED_SHARE = 0.5


def augment(images: Tensor, generator: torch.Generator, view: int) -> Tensor:
    """Return one view of each image; see the package for shapes and ranges."""
    seen = cropped(
        images.to(torch.float32).div_(255),
        generator,
        area=AREA,
        ratio=RATIO,
        mirrored_share=MIRRORED_SHARE,
    )
    return seen.clamp_(0, 1)

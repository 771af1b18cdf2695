"""Medical MAE's policy: a crop of at least half of the area, and a mirror image.

Xiao et al. 2022, "Delving into Masked Autoencoders for Multi-Label Thorax Disease
Classification", https://arxiv.org/abs/2210.12843: MAE's policy with crops of 0.5 to 1
of the area in place of 0.2 to 1, which was better for chest X-rays. The paper uses no
colour, so none was left out. It hides 0.9 of an image: an option of the method.

A mirrored chest has its heart on the wrong side: `radiograph` never does that.
"""

import torch
from torch import Tensor

from workflow_scripts.pretrain.optics import cropped

AREA = (0.5, 1.0)
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

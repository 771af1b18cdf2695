"""MAE's policy: a crop of at least a fifth of the area, and a mirror image.

He et al. 2021, "Masked Autoencoders Are Scalable Vision Learners",
https://arxiv.org/abs/2111.06377, appendix A.1: random resized crop and horizontal flip.
What is hidden varies enough; the paper uses no colour, so none was left out.

A mirrored chest has its heart on the wrong side: `radiograph` never does that.
"""

import torch
from torch import Tensor

from workflow_scripts.pretrain.optics import cropped

AREA = (0.2, 1.0)
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

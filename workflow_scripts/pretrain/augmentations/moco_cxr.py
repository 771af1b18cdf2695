"""MoCo-CXR's policy: a rotation by at most 10 degrees, and a mirror image.

Sowrirajan et al. 2021, "MoCo-CXR: MoCo Pretraining Improves Representation and
Transferability of Chest X-ray Models", https://arxiv.org/abs/2010.05352. The paper left
out MoCo's random crop and blur, which may remove disease, and its colour jitter and
random grey, which mean nothing on a radiograph; so does this.

A mirrored chest has its heart on the wrong side: `radiograph` never does that. Half of
the images are mirrored, the usual share; the paper names none.
"""

import torch
from torch import Tensor

from workflow_scripts.pretrain.optics import cropped

ROTATION_DEGREES = 10.0
MIRRORED_SHARE = 0.5


def augment(images: Tensor, generator: torch.Generator, view: int) -> Tensor:
    """Return one view of each image; see the package for shapes and ranges."""
    seen = cropped(
        images.to(torch.float32).div_(255),
        generator,
        area=(1, 1),
        ratio=(1, 1),
        rotation_degrees=ROTATION_DEGREES,
        mirrored_share=MIRRORED_SHARE,
    )
    return seen.clamp_(0, 1)

"""MoCo v2's policy in grey: a crop, a mirror image, brightness and contrast, blur.

Chen et al. 2020, "Improved Baselines with Momentum Contrastive Learning",
https://arxiv.org/abs/2003.04297; numbers from the authors' code: crops of 0.2 to 1 of
the area, jitter of 0.4 in 0.8 of the images, blur in half of them. Of colour jitter,
brightness and contrast are kept; saturation, hue and random grey change nothing in a
grey image.

A crop of 0.2 of the area may leave out what is shown, and a mirrored chest has its
heart on the wrong side: `radiograph` does neither.
"""

import torch
from torch import Tensor

from workflow_scripts.pretrain.optics import cropped, jitter_, scaled, soften_

AREA = (0.2, 1.0)
RATIO = (3 / 4, 4 / 3)
MIRRORED_SHARE = 0.5
JITTER = 0.4
JITTERED_SHARE = 0.8
SIGMA_PX = (0.1, 2.0)  # at 224 px
BLURRED_SHARE = 0.5


def augment(images: Tensor, generator: torch.Generator, view: int) -> Tensor:
    """Return one view of each image; see the package for shapes and ranges."""
    seen = cropped(
        images.to(torch.float32).div_(255),
        generator,
        area=AREA,
        ratio=RATIO,
        mirrored_share=MIRRORED_SHARE,
    )
    jitter_(seen, generator, strength=JITTER, share=JITTERED_SHARE)
    sigma_px = scaled(SIGMA_PX, images.shape[-1])
    soften_(seen, generator, sigma_px=sigma_px, share=BLURRED_SHARE)
    return seen.clamp_(0, 1)

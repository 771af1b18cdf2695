"""SimCLR's policy in grey: a small crop, a mirror image, brightness and contrast, blur.

Chen et al. 2020, "A Simple Framework for Contrastive Learning of Visual
Representations", https://arxiv.org/abs/2002.05709, appendix A. Of colour distortion,
brightness and contrast are kept; saturation, hue and random grey change nothing in a
grey image.

A crop of 0.08 of the area may show no lung at all, and a mirrored chest has its heart
on the wrong side: `radiograph` does neither.
"""

import torch
from torch import Tensor

from workflow_scripts.pretrain.optics import cropped, jitter_, scaled, soften_

AREA = (0.08, 1.0)
RATIO = (3 / 4, 4 / 3)
MIRRORED_SHARE = 0.5
JITTER = 0.8  # times the paper's strength of colour distortion, 1
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

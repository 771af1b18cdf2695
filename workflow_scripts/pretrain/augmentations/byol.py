"""BYOL's policy in grey: both views are small crops; the second is less blurred.

Grill et al. 2020, "Bootstrap Your Own Latent", https://arxiv.org/abs/2006.07733,
appendix B and table 6: the first view is always blurred; of the second a tenth is
blurred and a fifth solarised. Barlow Twins (https://arxiv.org/abs/2103.03230) and
MoCo v3 (https://arxiv.org/abs/2104.02057) use the same; so does VICReg
(https://arxiv.org/abs/2105.04906), but for drawing both views alike. Of colour jitter,
brightness and contrast are kept; saturation, hue and random grey change nothing in a
grey image. Solarising is kept, as the paper's: it turns the bright half of a radiograph
into its negative, which no X-ray machine does.

A crop of 0.08 of the area may show no lung at all, and a mirrored chest has its heart
on the wrong side: `radiograph` does neither, nor does it solarise.
"""

import torch
from torch import Tensor

from workflow_scripts.pretrain.optics import (
    cropped,
    jitter_,
    scaled,
    soften_,
    solarise_,
)

AREA = (0.08, 1.0)
RATIO = (3 / 4, 4 / 3)
MIRRORED_SHARE = 0.5
JITTER = 0.4
JITTERED_SHARE = 0.8
SIGMA_PX = (0.1, 2.0)  # at 224 px
BLURRED_SHARES = (1.0, 0.1)  # of the first view, and of others
SOLARISED_SHARES = (0.0, 0.2)


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
    which = min(view, 1)
    sigma_px = scaled(SIGMA_PX, images.shape[-1])
    soften_(seen, generator, sigma_px=sigma_px, share=BLURRED_SHARES[which])
    return solarise_(seen.clamp_(0, 1), generator, share=SOLARISED_SHARES[which])

"""SwAV's policy in grey: crops of two sizes, mirror images, brightness, contrast, blur.

Caron et al. 2020, "Unsupervised Learning of Visual Features by Contrasting Cluster
Assignments", https://arxiv.org/abs/2006.09882, multi-crop and appendix A: full views
of 0.14 to 1 of the area, local ones of 0.05 to 0.14 with sides of 96 px to 224; the
rest is SimCLR's. Of colour distortion, brightness and contrast are kept; saturation,
hue and random grey change nothing in a grey image.

So small a crop mostly shows no lung, or nothing of what is wrong with it, and a
mirrored chest has its heart on the wrong side: `radiograph` does neither.
"""

import torch
from torch import Tensor

from workflow_scripts.core.warp import Range
from workflow_scripts.pretrain.optics import cropped, jitter_, scaled, soften_

AREA = (0.14, 1.0)
LOCAL_AREA = (0.05, 0.14)
LOCAL_SIDE = 96 / 224
RATIO = (3 / 4, 4 / 3)
MIRRORED_SHARE = 0.5
JITTER = 0.8
JITTERED_SHARE = 0.8
SIGMA_PX = (0.1, 2.0)  # at 224 px
BLURRED_SHARE = 0.5


def augment(images: Tensor, generator: torch.Generator, view: int) -> Tensor:
    """Return one full view of each image; see the package for shapes and ranges."""
    return _seen(images, generator, AREA, images.shape[-1])


def local(images: Tensor, generator: torch.Generator, side_px: int) -> Tensor:
    """Return one local view of each image; see the package for shapes and ranges."""
    return _seen(images, generator, LOCAL_AREA, side_px)


def _seen(
    images: Tensor, generator: torch.Generator, area: Range, side_px: int
) -> Tensor:
    seen = cropped(
        images.to(torch.float32).div_(255),
        generator,
        area=area,
        ratio=RATIO,
        mirrored_share=MIRRORED_SHARE,
        side_px=side_px,
    )
    jitter_(seen, generator, strength=JITTER, share=JITTERED_SHARE)
    # as wide for local views: the paper blurs those of 96 px like those of 224
    sigma_px = scaled(SIGMA_PX, images.shape[-1])
    soften_(seen, generator, sigma_px=sigma_px, share=BLURRED_SHARE)
    return seen.clamp_(0, 1)

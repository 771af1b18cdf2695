"""DINO's policy in grey: large and small crops, light and blur as in BYOL.

Caron et al. 2021, "Emerging Properties in Self-Supervised Vision Transformers",
https://arxiv.org/abs/2104.14294; numbers from the authors' code: full views of 0.4 to
1 of the area, the first always blurred, of the second a tenth blurred and a fifth
solarised; local views of 0.05 to 0.4 with sides of 96 px to 224, half of them blurred.
Of colour jitter, brightness and contrast are kept; saturation, hue and random grey
change nothing in a grey image. Solarising is kept, as the paper's: it turns the bright
half of a radiograph into its negative, which no X-ray machine does.

A local view may show nothing of what is wrong, and a mirrored chest has its heart on
the wrong side: `radiograph` does neither, nor does it solarise.
"""

import torch
from torch import Tensor

from workflow_scripts.core.warp import Range
from workflow_scripts.pretrain.optics import (
    cropped,
    jitter_,
    scaled,
    soften_,
    solarise_,
)

AREA = (0.4, 1.0)
LOCAL_AREA = (0.05, 0.4)
LOCAL_SIDE = 96 / 224
RATIO = (3 / 4, 4 / 3)
MIRRORED_SHARE = 0.5
JITTER = 0.4
JITTERED_SHARE = 0.8
SIGMA_PX = (0.1, 2.0)  # at 224 px
BLURRED_SHARES = (1.0, 0.1)  # of the first view, and of others
SOLARISED_SHARES = (0.0, 0.2)
LOCAL_BLURRED_SHARE = 0.5


def augment(images: Tensor, generator: torch.Generator, view: int) -> Tensor:
    """Return one full view of each image; see the package for shapes and ranges."""
    which = min(view, 1)
    blurred = BLURRED_SHARES[which]
    seen = _seen(images, generator, AREA, images.shape[-1], blurred)
    return solarise_(seen, generator, share=SOLARISED_SHARES[which])


def local(images: Tensor, generator: torch.Generator, side_px: int) -> Tensor:
    """Return one local view of each image; see the package for shapes and ranges."""
    return _seen(images, generator, LOCAL_AREA, side_px, LOCAL_BLURRED_SHARE)


def _seen(
    images: Tensor,
    generator: torch.Generator,
    area: Range,
    side_px: int,
    blurred_share: float,
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
    soften_(seen, generator, sigma_px=sigma_px, share=blurred_share)
    return seen.clamp_(0, 1)

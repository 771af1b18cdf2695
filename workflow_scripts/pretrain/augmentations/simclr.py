"""SimCLR's policy in grey: a small crop, a mirror image, brightness and contrast, blur.

Chen et al. 2020, "A Simple Framework for Contrastive Learning of Visual
Representations", https://arxiv.org/abs/2002.05709, appendix A. Saturation, hue and
random grey are left out: radiographs have no colour.

A crop of 0.08 of the area may show no lung at all, and a mirrored chest has its heart
on the wrong side: `radiograph` does neither. Deviations: brightness always comes before
contrast; the blur's width, which the paper gives for 224 px, goes with the size of the
images, and its kernel ends at three times that width.
"""

import torch
from torch import Tensor

from workflow_scripts.core.warp import between, moved
from workflow_scripts.pretrain.optics import chosen, mirrored, softened

AREA = (0.08, 1.0)
RATIO = (3 / 4, 4 / 3)
MIRRORED_SHARE = 0.5
JITTER = (0.2, 1.8)  # 1 - 0.8 s to 1 + 0.8 s; the paper's strength s is 1
JITTERED_SHARE = 0.8
SIGMA = (0.1 / 224, 2.0 / 224)  # of a side
BLURRED_SHARE = 0.5


def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return one view of each image; see the package for shapes and ranges."""
    seen = moved(
        images.to(torch.float32) / 255,
        generator,
        area=AREA,
        ratio=RATIO,
        rotation_degrees=0,
    )
    seen = _jittered(mirrored(seen, generator, MIRRORED_SHARE), generator)
    side = images.shape[-1]
    sigma_px = (SIGMA[0] * side, SIGMA[1] * side)
    seen = softened(seen, generator, sigma_px=sigma_px, share=BLURRED_SHARE)
    return seen.clamp_(0, 1)


def _jittered(images: Tensor, generator: torch.Generator) -> Tensor:
    brightness, contrast = (
        between(JITTER, len(images), generator).to(images.device)[:, None, None]
        for _ in range(2)
    )
    lit = (images * brightness).clamp(0, 1)
    mean = lit.mean((1, 2), keepdim=True)
    lit = ((lit - mean) * contrast + mean).clamp(0, 1)
    return torch.where(chosen(JITTERED_SHARE, images, generator), lit, images)

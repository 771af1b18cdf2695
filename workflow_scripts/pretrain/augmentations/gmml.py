"""GMML's policy: a crop of any size, and a mirror image.

Atito et al. 2022, "GMML is All you Need", https://arxiv.org/abs/2205.14986: random
resized crop of 0.05 to 1 of the area (the authors' setting without local crops) and
horizontal flip. Blocks of noise are the method's own, not the policy's. Left out: a
light colour jitter and a slight blur of the clean image, the strengths of which we have
from no paper; what is painted back is then the radiograph as it is.

A crop of 0.05 of the area may show no lung at all, and a mirrored chest has its heart
on the wrong side: `radiograph` does neither.
"""

import torch
from torch import Tensor

from workflow_scripts.pretrain.optics import cropped

AREA = (0.05, 1.0)
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

"""What may change in a chest X-ray without changing what it shows.

A crop of at least 0.3 of the area, a small rotation, exposure (gamma, contrast,
brightness), a little blur and noise. No flip, which would move the heart; no colour and
no solarising, which X-rays do not have (Azizi et al. 2021, Sowrirajan et al. 2021).
"""

import torch
from torch import Tensor
from torch.nn import functional

from workflow_scripts.core.warp import between, exposed, moved

AREA = (0.3, 1.0)
RATIO = (0.8, 1.25)
ROTATION_DEGREES = 10.0
GAMMA = (0.7, 1.4)
CONTRAST = (0.7, 1.3)
BRIGHTNESS = 0.15
NOISE = 0.05
BLUR_SHARE = 0.3  # of the images that are blurred


def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return one view of each image; see the package for shapes and ranges."""
    seen = images.to(torch.float32) / 255
    seen = moved(
        seen, generator, area=AREA, ratio=RATIO, rotation_degrees=ROTATION_DEGREES
    )
    seen = exposed(
        seen, generator, gamma=GAMMA, contrast=CONTRAST, brightness=BRIGHTNESS
    )
    return (_blurred(seen, generator) + _noise(seen, generator)).clamp_(0, 1)


def _blurred(images: Tensor, generator: torch.Generator) -> Tensor:
    chosen = between((0, 1), len(images), generator) < BLUR_SHARE
    soft = functional.avg_pool2d(images[:, None], 3, 1, 1, count_include_pad=False)
    return torch.where(chosen.to(images.device)[:, None, None], soft[:, 0], images)


def _noise(images: Tensor, generator: torch.Generator) -> Tensor:
    strength = between((0, NOISE), len(images), generator)[:, None, None]
    noise = torch.randn(images.shape, generator=generator, device=generator.device)
    return noise.mul_(strength).to(images.device)

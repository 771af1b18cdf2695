"""What may change in a chest X-ray without changing what it shows.

A crop of at least 0.3 of the area, a small rotation, exposure (gamma, contrast,
brightness), a little blur and noise. No flip, which would move the heart; no colour and
no solarising, which X-rays do not have (Azizi et al. 2021, Sowrirajan et al. 2021). No
local views: crops so small leave out what is shown.
"""

import torch
from torch import Tensor

from workflow_scripts.core.warp import between
from workflow_scripts.pretrain.optics import cropped, lots

AREA = (0.3, 1.0)
RATIO = (0.8, 1.25)
ROTATION_DEGREES = 10.0
GAMMA = (0.7, 1.4)
CONTRAST = (0.7, 1.3)
BRIGHTNESS = 0.15
NOISE = 0.05
BLUR_SHARE = 0.3  # of the images that are blurred


def augment(images: Tensor, generator: torch.Generator, view: int) -> Tensor:
    """Return one view of each image; see the package for shapes and ranges."""
    seen = cropped(
        images.to(torch.float32).div_(255),
        generator,
        area=AREA,
        ratio=RATIO,
        rotation_degrees=ROTATION_DEGREES,
    )
    _relight(seen, generator)
    _blur(seen, generator)
    return seen.add_(_noise(seen, generator)).clamp_(0, 1)


def _relight(images: Tensor, generator: torch.Generator) -> None:
    """Change gamma, contrast about the mean, and brightness.

    The same as `core.warp.exposed`, in place and otherwise rounded: twice as fast.
    """
    power, factor, shift = (
        between(bounds, len(images), generator).to(images.device)[:, None, None]
        for bounds in (GAMMA, CONTRAST, (-BRIGHTNESS, BRIGHTNESS))
    )
    images.clamp_(1e-4, 1).log_().mul_(power).exp_()
    mean = images.mean((1, 2), keepdim=True)
    images.mul_(factor).add_(mean * (1 - factor) + shift)


def _blur(images: Tensor, generator: torch.Generator) -> None:
    rows, chosen = lots(BLUR_SHARE, len(images), generator)
    rows, chosen = rows.to(images.device), chosen.to(images.device)
    sharp = images[rows]
    soft = _of_three(_of_three(sharp).mT).mT
    images.index_copy_(0, rows, torch.where(chosen[:, None, None], soft, sharp))


def _of_three(images: Tensor) -> Tensor:
    """Return the mean of each pixel and its neighbours above and below."""
    mean = images.clone()
    mean[:, 1:] += images[:, :-1]
    mean[:, :-1] += images[:, 1:]
    mean[:, 1:-1] /= 3
    mean[:, :1] /= 2
    mean[:, -1:] /= 2
    return mean


def _noise(images: Tensor, generator: torch.Generator) -> Tensor:
    strength = between((0, NOISE), len(images), generator)[:, None, None]
    noise = torch.randn(images.shape, generator=generator, device=generator.device)
    return noise.mul_(strength).to(images.device)

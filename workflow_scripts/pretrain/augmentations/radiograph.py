"""What may change in a chest X-ray without changing what it shows.

A crop of at least 0.3 of the area, a small rotation, exposure (gamma, contrast,
brightness), a little blur and noise. No flip, which would move the heart; no colour and
no solarising, which X-rays do not have (Azizi et al. 2021, Sowrirajan et al. 2021).
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

AREA = (0.3, 1.0)  # share of the image kept
RATIO = (0.8, 1.25)  # width over height of the crop
ROTATION_DEGREES = 10.0
GAMMA = (0.7, 1.4)
CONTRAST = (0.7, 1.3)
BRIGHTNESS = 0.15
NOISE = 0.05
BLUR_SHARE = 0.3  # of the images that are blurred


def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return one view of each image; see the package for shapes and ranges."""
    seen = images.to(torch.float32) / 255
    seen = _exposed(_moved(seen, generator), generator)
    return (_blurred(seen, generator) + _noise(seen, generator)).clamp_(0, 1)


def _between(low: float, high: float, n: int, generator: torch.Generator) -> Tensor:
    draw = torch.rand(n, generator=generator, device=generator.device)
    return low + (high - low) * draw


def _moved(images: Tensor, generator: torch.Generator) -> Tensor:
    """Crop, rotate and resize in one sampling of each image; black from outside."""
    n = len(images)
    area = _between(*AREA, n, generator)
    ratio = _between(math.log(RATIO[0]), math.log(RATIO[1]), n, generator).exp()
    width = (area * ratio).sqrt().clamp(max=1)
    height = (area / ratio).sqrt().clamp(max=1)
    across = _between(-1, 1, n, generator) * (1 - width)
    down = _between(-1, 1, n, generator) * (1 - height)
    angle = _between(-1, 1, n, generator) * math.radians(ROTATION_DEGREES)
    cos, sin = angle.cos(), angle.sin()
    rows = [
        torch.stack([width * cos, -height * sin, across], 1),
        torch.stack([width * sin, height * cos, down], 1),
    ]
    theta = torch.stack(rows, 1).to(images.device)
    shape = [n, 1, *images.shape[-2:]]
    grid = functional.affine_grid(theta, shape, align_corners=False)
    moved = functional.grid_sample(images[:, None], grid, align_corners=False)
    return moved[:, 0]


def _exposed(images: Tensor, generator: torch.Generator) -> Tensor:
    n = len(images)
    gamma, contrast, brightness = (
        _between(low, high, n, generator).to(images.device)[:, None, None]
        for low, high in (GAMMA, CONTRAST, (-BRIGHTNESS, BRIGHTNESS))
    )
    lit = images.clamp_(1e-4, 1).pow_(gamma)
    mean = lit.mean((1, 2), keepdim=True)
    return (lit - mean).mul_(contrast).add_(mean + brightness)


def _blurred(images: Tensor, generator: torch.Generator) -> Tensor:
    chosen = (_between(0, 1, len(images), generator) < BLUR_SHARE).to(images.device)
    soft = functional.avg_pool2d(images[:, None], 3, 1, 1, count_include_pad=False)
    return torch.where(chosen[:, None, None], soft[:, 0], images)


def _noise(images: Tensor, generator: torch.Generator) -> Tensor:
    strength = _between(0, NOISE, len(images), generator)[:, None, None]
    noise = torch.randn(images.shape, generator=generator, device=generator.device)
    return noise.mul_(strength).to(images.device)

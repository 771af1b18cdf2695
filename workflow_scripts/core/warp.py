"""Move and relight batches of images at random, on whichever device they are.

The mechanics behind the views of pretraining and the light variation of fine-tuning;
how far is each caller's choice.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

Range = tuple[float, float]


def between(bounds: Range, n: int, generator: torch.Generator) -> Tensor:
    """Return `n` numbers drawn evenly from `bounds`, on the generator's device."""
    low, high = bounds
    draw = torch.rand(n, generator=generator, device=generator.device)
    return low + (high - low) * draw


def moved(
    images: Tensor,
    generator: torch.Generator,
    *,
    area: Range,
    ratio: Range,
    rotation_degrees: float,
) -> Tensor:
    """Crop, rotate and resize each image in one sampling; black from outside.

    Args:
        images: float32, shape (batch, size_px, size_px).
        generator: of every random number.
        area: share of the image that is kept.
        ratio: width over height of the crop.
        rotation_degrees: at most, either way.

    Returns:
        float32, same shape.
    """
    n = len(images)
    kept = between(area, n, generator)
    shape = between((math.log(ratio[0]), math.log(ratio[1])), n, generator).exp()
    width = (kept * shape).sqrt().clamp(max=1)
    height = (kept / shape).sqrt().clamp(max=1)
    across = between((-1, 1), n, generator) * (1 - width)
    down = between((-1, 1), n, generator) * (1 - height)
    angle = between((-1, 1), n, generator) * math.radians(rotation_degrees)
    cos, sin = angle.cos(), angle.sin()
    rows = [
        torch.stack([width * cos, -height * sin, across], 1),
        torch.stack([width * sin, height * cos, down], 1),
    ]
    theta = torch.stack(rows, 1).to(images.device)
    size = [n, 1, *images.shape[-2:]]
    grid = functional.affine_grid(theta, size, align_corners=False)
    return functional.grid_sample(images[:, None], grid, align_corners=False)[:, 0]


def exposed(
    images: Tensor,
    generator: torch.Generator,
    *,
    gamma: Range,
    contrast: Range,
    brightness: float,
) -> Tensor:
    """Change each image's gamma, its contrast about its mean, and its brightness.

    Args:
        images: float32 in [0, 1], shape (batch, size_px, size_px).
        generator: of every random number.
        gamma: exponent; below 1 is brighter.
        contrast: factor.
        brightness: added at most, either way.

    Returns:
        float32, same shape; may leave [0, 1].
    """
    power, factor, shift = (
        between(bounds, len(images), generator).to(images.device)[:, None, None]
        for bounds in (gamma, contrast, (-brightness, brightness))
    )
    lit = images.clamp(1e-4, 1).pow_(power)
    mean = lit.mean((1, 2), keepdim=True)
    return (lit - mean).mul_(factor).add_(mean + shift)

"""Crop, mirror, relight and soften batches of images at random, on their own device.

A name that ends in _ overwrites its images. What a share of a batch undergoes is worked
out for that share only, `ceil(share n)` images: which they are is drawn, how many is
known beforehand, so a GPU need not be waited for. Each image is still chosen with
exactly that probability.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

from workflow_scripts.core.warp import Range, between

TRIES = 10  # at a window within the image, as in torchvision
SLACK = 0.1  # by which a pixel of a view may stand for more than one of the image
NARROW_PX = 1e-3  # deviation of a Gaussian that changes nothing


def cropped(
    images: Tensor,
    generator: torch.Generator,
    *,
    area: Range,
    ratio: Range,
    rotation_degrees: float = 0.0,
    mirrored_share: float = 0.0,
    side_px: int | None = None,
) -> Tensor:
    """Crop, rotate, mirror and resize each image in one sampling, bilinear.

    Windows are drawn as torchvision's `RandomResizedCrop` does, not rounded to pixels.
    Where one may hold more pixels across than the view has, the view is sampled finer
    by a whole factor and averaged, lest fine structure alias into coarse.

    Args:
        images: float32, shape (batch, size_px, size_px).
        generator: of every random number.
        area: share of the image that is kept.
        ratio: width over height of the window.
        rotation_degrees: at most, either way; black from outside.
        mirrored_share: of the images, left to right.
        side_px: of the views; that of the images when left out.

    Returns:
        float32, shape (batch, side_px, side_px).
    """
    n, side = len(images), side_px or images.shape[-1]
    width, height, across, down = _windows(n, generator, area, ratio)
    angle = between((-1, 1), n, generator) * math.radians(rotation_degrees)
    mirror = torch.where(between((0, 1), n, generator) < mirrored_share, -1.0, 1.0)
    width, cos, sin = width * mirror, angle.cos(), angle.sin()
    across = torch.stack([width * cos, -height * sin, across], 1)
    down = torch.stack([width * sin, height * cos, down], 1)
    theta = torch.stack([across, down], 1).to(images.device)
    longest = min(1.0, math.sqrt(area[1] * max(ratio[1], 1 / ratio[0])))
    finer = max(1, math.ceil(longest * images.shape[-1] / side - SLACK))
    seen = functional.grid_sample(
        images[:, None],
        _grid(theta, side * finer),
        align_corners=False,
        padding_mode="zeros" if rotation_degrees else "border",
    )
    return functional.avg_pool2d(seen, finer)[:, 0] if finer > 1 else seen[:, 0]


def _windows(
    n: int, generator: torch.Generator, area: Range, ratio: Range
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Draw width, height and centre, across and down; an image is from -1 to 1.

    The first of `TRIES` windows that lies within the image is taken.
    """
    kept = between(area, n * TRIES, generator).reshape(n, TRIES)
    logs = (math.log(ratio[0]), math.log(ratio[1]))
    shape = between(logs, n * TRIES, generator).reshape(n, TRIES).exp()
    width, height = (kept * shape).sqrt(), (kept / shape).sqrt()
    first = ((width <= 1) & (height <= 1)).int().argmax(1, keepdim=True)
    # where none does, which is next to never, the first is cut
    width, height = (s.gather(1, first)[:, 0].clamp(max=1) for s in (width, height))
    across = between((-1, 1), n, generator) * (1 - width)
    down = between((-1, 1), n, generator) * (1 - height)
    return width, height, across, down


def _grid(theta: Tensor, side: int) -> Tensor:
    """Return `affine_grid` of squares, rounded otherwise; on a CPU 8 times as fast."""
    place = (2 * torch.arange(side, device=theta.device) + 1) / side - 1
    grid = theta.new_empty(len(theta), side, side, 2)
    for axis in (0, 1):
        by_column, by_row, shift = theta[:, axis, :, None].unbind(1)
        torch.add(
            (by_column * place)[:, None],
            (by_row * place + shift)[..., None],
            out=grid[..., axis],
        )
    return grid


def scaled(bounds_px: Range, side_px: int) -> Range:
    """Return widths that papers give for images of 224 px, for those of `side_px`."""
    return bounds_px[0] * side_px / 224, bounds_px[1] * side_px / 224


def lots(share: float, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw which of `n` images may be changed, int64, and if each is, bool.

    Returns:
        Two tensors of length ceil(share n); on average share n are True.
    """
    k = math.ceil(share * n)
    draw = torch.rand(n, generator=generator, device=generator.device)
    return draw.argsort()[:k], between((0, 1), k, generator) < share * n / max(k, 1)


def jitter_(
    images: Tensor, generator: torch.Generator, *, strength: float, share: float
) -> Tensor:
    """Change brightness and contrast of a share of the images, in random order.

    What torchvision's `ColorJitter` does to a grey image: saturation and hue leave it
    as it is, and their place in the order does not matter.

    Args:
        images: float32 in [0, 1], shape (batch, rows, columns); overwritten.
        generator: of every random number.
        strength: factors are between 1 - strength and 1 + strength.
        share: of the images that are changed.

    Returns:
        The images, in [0, 1].
    """
    n = len(images)
    changed = between((0, 1), n, generator) < share
    bounds = (max(0.0, 1 - strength), 1 + strength)
    brightness, contrast = (
        torch.where(changed, between(bounds, n, generator), 1.0) for _ in range(2)
    )
    brighter_first = between((0, 1), n, generator) < 0.5
    for brighter in (brighter_first, ~brighter_first):
        factor = torch.where(brighter, brightness, contrast).to(images.device)
        about_mean = (1 - factor) * ~brighter.to(images.device)
        shift = about_mean * images.mean((1, 2))
        images.mul_(factor[:, None, None]).add_(shift[:, None, None]).clamp_(0, 1)
    return images


def solarise_(images: Tensor, generator: torch.Generator, *, share: float) -> Tensor:
    """Turn what is brighter than half grey into its negative, in a `share` of images.

    The images are float32 in [0, 1], shape (batch, rows, columns), and overwritten.
    """
    rows, chosen = lots(share, len(images), generator)
    rows, chosen = rows.to(images.device), chosen.to(images.device)
    seen = images[rows]
    turned = torch.where(chosen[:, None, None], torch.minimum(seen, 1 - seen), seen)
    return images.index_copy_(0, rows, turned)


def soften_(
    images: Tensor, generator: torch.Generator, *, sigma_px: Range, share: float
) -> Tensor:
    """Blur a share of the images with a Gaussian of their own width.

    Args:
        images: float32, shape (batch, side_px, side_px); overwritten.
        generator: of every random number.
        sigma_px: bounds of the width; the kernel ends at three of the widest.
        share: of the images that are blurred.

    Returns:
        The images; beyond their borders they are taken to be reflected.
    """
    rows, chosen = lots(share, len(images), generator)
    drawn = between(sigma_px, len(rows), generator)
    sigma = torch.where(chosen, drawn, NARROW_PX).to(images.device)
    side = images.shape[-1]
    reach = min(math.ceil(3 * sigma_px[1]), side - 1)
    blur = _blurs(sigma, side, reach)
    rows = rows.to(images.device)
    return images.index_copy_(0, rows, blur @ images[rows] @ blur.mT)


def _blurs(sigma: Tensor, side: int, reach: int) -> Tensor:
    """Return the blur of one row of pixels as a matrix, (n, side, side).

    Two products with it are as fast as shifted sums on a CPU, twice as fast as a
    grouped convolution, and few operations on a GPU.
    """
    away = torch.arange(-reach, reach + 1, device=sigma.device)
    kernel = torch.exp(-0.5 * (away / sigma[:, None]) ** 2)
    kernel = kernel / kernel.sum(1, keepdim=True)
    place = torch.arange(side, device=sigma.device)
    beside = (place + away[:, None]).abs()  # reflected at the first pixel
    beside = side - 1 - (side - 1 - beside).abs()  # and at the last
    spread = (beside[..., None] == place).to(kernel.dtype)
    return (kernel @ spread.flatten(1)).reshape(len(sigma), side, side)

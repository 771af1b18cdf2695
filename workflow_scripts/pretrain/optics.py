"""Mirror and soften batches of images at random, on whichever device they are."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from workflow_scripts.core.warp import Range, between


def chosen(share: float, images: Tensor, generator: torch.Generator) -> Tensor:
    """Draw which images are, bool, (batch, 1, 1), a `share` of them on average."""
    drawn = between((0, 1), len(images), generator) < share
    return drawn.to(images.device)[:, None, None]


def mirrored(images: Tensor, generator: torch.Generator, share: float) -> Tensor:
    """Mirror a `share` of `images`, float32, (batch, rows, columns), left to right."""
    return torch.where(chosen(share, images, generator), images.flip(-1), images)


def softened(
    images: Tensor, generator: torch.Generator, *, sigma_px: Range, share: float
) -> Tensor:
    """Blur a share of the images with a Gaussian of their own width.

    Args:
        images: float32, shape (batch, rows, columns).
        generator: of every random number.
        sigma_px: bounds of the width; the kernel ends at three of the widest.
        share: of the images that are blurred.

    Returns:
        float32, same shape.
    """
    sigma = between(sigma_px, len(images), generator).to(images.device)
    reach = min(math.ceil(3 * sigma_px[1]), min(images.shape[1:]) - 1)
    away = torch.arange(-reach, reach + 1, device=images.device)
    kernel = torch.exp(-0.5 * (away / sigma[:, None]) ** 2)
    kernel = (kernel / kernel.sum(1, keepdim=True))[:, None, None]
    padded = functional.pad(images[None], [reach] * 4, mode="reflect")
    # every image is a channel with a kernel of its own
    across = functional.conv2d(padded, kernel, groups=len(images))
    soft = functional.conv2d(across, kernel.mT, groups=len(images))[0]
    return torch.where(chosen(share, images, generator), soft, images)

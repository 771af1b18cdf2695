"""What may change in a picture whose lungs were drawn, and how the drawing follows.

A few drawn lungs must teach all that other hospitals do: other bodies, other crops and
borders, other light, opacities, tubes, and letters printed into the picture.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

from workflow_scripts.core.warp import between, exposed
from workflow_scripts.prepare.lung_network import covered

SCALE = (0.8, 1.35)  # of the part that is shown, to the whole
ASPECT = (0.85, 1.18)  # width to height
ROTATION_DEGREES = 15.0
SHIFT = 0.08  # of the side
BEND = 0.02  # deviation of a knot of a net that is bent, of the side
KNOTS = 5  # on each side of that net
FLIPPED = 0.1  # of the pictures; some are mirrored by mistake, few hearts lie right

GAMMA = (0.5, 2.0)
CONTRAST = (0.7, 1.4)
BRIGHTNESS = 0.15
SHADE = 0.15  # deviation of the logarithm of uneven light
LOCAL = (-0.4, 1.2)  # added again of what differs from the surroundings, as by CLAHE
NEAR = 8  # pixels; what is farther away is no surrounding
NOISE = 0.03
BLURRED = 0.3  # of the pictures

OPACITIES, OPACITY = 2, 0.7  # number, and how near to white at most
AIRS = 2  # dark spots that are no lungs
PATCHES = 4  # rectangles of one grey, as labels and electrodes
BARRED = 0.3  # of the pictures have a border of one grey


def altered(
    pictures: Tensor, lungs: Tensor, side_px: int, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Return pictures as they might have been, and their lungs.

    Args:
        pictures: float32 in [0, 1], shape (n, rows, columns).
        lungs: float32, 0 or 1, same shape.
        side_px: of what is returned.
        generator: of every random number, on the device of the pictures.

    Returns:
        Pictures, lungs (between 0 and 1 at their border), and 1 where there is any
        picture: float32, shape (n, side_px, side_px).
    """
    inside = covered(pictures)
    layers = torch.stack([pictures, lungs, inside.to(pictures.dtype)], 1)
    net = _net(len(pictures), side_px, generator)
    seen, lungs, inside = functional.grid_sample(
        layers, net, align_corners=False
    ).unbind(1)
    inside = (inside > 0.5).to(seen.dtype)
    seen = _aired(_ill(seen, generator), lungs, generator)
    seen = _covered(_lit(seen, generator), generator)
    seen, bars = _barred(seen, generator)
    return seen * inside, lungs * inside * (1 - bars), inside


def _net(n: int, side_px: int, generator: torch.Generator) -> Tensor:
    """Return where each pixel is taken from, shape (n, side_px, side_px, 2)."""
    scale = between(_logs(SCALE), n, generator).exp()
    stretch = between(_logs(ASPECT), n, generator).div(2).exp()
    angle = between((-1, 1), n, generator) * math.radians(ROTATION_DEGREES)
    mirror = torch.where(between((0, 1), n, generator) < FLIPPED, -1.0, 1.0)
    across, down = (2 * SHIFT * between((-1, 1), n, generator) for _ in range(2))
    wide, high = scale * stretch, scale / stretch
    rows = [
        torch.stack([mirror * wide * angle.cos(), -high * angle.sin(), across], 1),
        torch.stack([mirror * wide * angle.sin(), high * angle.cos(), down], 1),
    ]
    size = [n, 1, side_px, side_px]
    net = functional.affine_grid(torch.stack(rows, 1), size, align_corners=False)
    return net + 2 * BEND * _smooth(n, 2, side_px, generator).permute(0, 2, 3, 1)


def _logs(bounds: tuple[float, float]) -> tuple[float, float]:
    return math.log(bounds[0]), math.log(bounds[1])


def _smooth(n: int, layers: int, side_px: int, generator: torch.Generator) -> Tensor:
    """Return fields that vary slowly about 0 with deviation 1 at their knots."""
    device = generator.device
    knots = torch.randn(n, layers, KNOTS, KNOTS, generator=generator, device=device)
    return functional.interpolate(
        knots, size=(side_px, side_px), mode="bicubic", align_corners=True
    )


def _ill(seen: Tensor, generator: torch.Generator) -> Tensor:
    """Whiten soft spots, as pneumonia and fluid do."""
    white = seen.amax((1, 2), keepdim=True) * 0.85
    for _ in range(OPACITIES):
        spot = _away(seen, (0.05, 0.25), generator).square().sum(1).neg().exp()
        strength = OPACITY * between((-1, 1), len(seen), generator).clamp(min=0)
        seen = seen + strength[:, None, None] * spot * (white - seen).clamp(min=0)
    return seen


def _aired(seen: Tensor, lungs: Tensor, generator: torch.Generator) -> Tensor:
    """Darken spots outside the lungs, as air beside an arm or in the stomach does."""
    for _ in range(AIRS):
        spot = _away(seen, (0.03, 0.2), generator).square().sum(1).square().neg().exp()
        strength = between((-1, 1), len(seen), generator).clamp(min=0)
        seen = seen * (1 - strength[:, None, None] * spot * (1 - lungs))
    return seen


def _away(
    seen: Tensor, radius: tuple[float, float], generator: torch.Generator
) -> Tensor:
    """Return how far each pixel is from a random one, in units of a random radius.

    Returns:
        Across and down, signed, shape (n, 2, side_px, side_px).
    """
    n, side_px = len(seen), seen.shape[-1]
    line = torch.linspace(0, 1, side_px, device=generator.device)

    def away() -> Tensor:
        centre, reach = between((0, 1), n, generator), between(radius, n, generator)
        return (line - centre[:, None]) / reach[:, None]

    shape = (n, side_px, side_px)
    across, down = away()[:, None, :].expand(shape), away()[:, :, None].expand(shape)
    return torch.stack([across, down], 1)


def _lit(seen: Tensor, generator: torch.Generator) -> Tensor:
    """Take the picture again in other light, with another scanner."""
    n, side_px = len(seen), seen.shape[-1]

    def draw(low: float, high: float) -> Tensor:
        return between((low, high), n, generator)[:, None, None]

    power = between(_logs(GAMMA), n, generator).exp()[:, None, None]
    seen = seen.clamp(1e-4, 1).pow(power)
    shade = _smooth(n, 1, side_px, generator)[:, 0]
    seen = seen * (SHADE * draw(0, 1) * shade).exp()
    coarse = functional.avg_pool2d(seen[:, None], NEAR)
    near = functional.interpolate(coarse, (side_px, side_px), mode="bilinear")[:, 0]
    seen = seen + draw(*LOCAL).where(draw(0, 1) < 0.5, 0.0) * (seen - near)
    seen = exposed(
        seen, generator, gamma=(1, 1), contrast=CONTRAST, brightness=BRIGHTNESS
    )
    soft = functional.avg_pool2d(seen[:, None], 3, 1, 1, count_include_pad=False)[:, 0]
    seen = torch.where(draw(0, 1) < BLURRED, soft, seen)
    grain = torch.randn(seen.shape, generator=generator, device=generator.device)
    return (seen + NOISE * draw(0, 1) * grain).clamp(0, 1)


def _covered(seen: Tensor, generator: torch.Generator) -> Tensor:
    """Lay rectangles of one grey over the picture; lungs are drawn through them."""
    n = len(seen)
    for _ in range(PATCHES):
        away = _away(seen, (0.005, 0.08), generator).abs().amax(1)
        there = (away < 1) & (between((0, 1), n, generator) < 0.4)[:, None, None]
        seen = torch.where(there, between((0, 1), n, generator)[:, None, None], seen)
    return seen


def _barred(seen: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Hide the borders of some pictures; return them, and 1 where they are hidden."""
    n, side_px = len(seen), seen.shape[-1]
    line = torch.linspace(0, 1, side_px, device=generator.device)

    def hidden() -> Tensor:
        low, high = (between((-0.1, 0.15), n, generator)[:, None] for _ in range(2))
        return (line < low) | (line > 1 - high)

    bars = hidden()[:, None, :] | hidden()[:, :, None]
    bars &= (between((0, 1), n, generator) < BARRED)[:, None, None]
    dark = between((0, 1), n, generator) < 0.7
    grey = torch.where(dark, 0.02, 0.98)[:, None, None]
    return torch.where(bars, grey, seen), bars.to(seen.dtype)

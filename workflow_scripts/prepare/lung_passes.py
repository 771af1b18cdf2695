"""Show pictures to a network that finds lungs.

A pass may alter what it shows; what is found is then mapped back to the picture.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from workflow_scripts.core.device import autocast, device
from workflow_scripts.prepare.finders import SIDE
from workflow_scripts.prepare.lung_network import covered, standardised

BATCH = 64  # pictures shown at once


@dataclass(frozen=True, kw_only=True)
class Pass:
    """How a picture is altered before it is shown."""

    gamma: float = 1.0
    scale: float = 1.0  # of the part that is shown, to the whole; above 1 is smaller
    shift: tuple[float, float] = (0.0, 0.0)  # right, down; of half the side


PLAIN = Pass()


@torch.no_grad()
def probabilities(
    network: nn.Module, side_px: int, pictures: NDArray[np.uint8], how: Pass = PLAIN
) -> NDArray[np.float32]:
    """Return how probably each pixel is lung.

    Args:
        network: on the device, in evaluation.
        side_px: of the squares it is shown.
        pictures: shape (n, SIDE, SIDE).
        how: they are altered.

    Returns:
        0 to 1, shape (n, SIDE, SIDE).
    """
    found = np.empty(pictures.shape, np.float32)
    for first in range(0, len(pictures), BATCH):
        batch = torch.tensor(pictures[first : first + BATCH], device=device())
        shown = _sampled(batch[:, None] / 255, _there(how), side_px).clamp(0, 1)
        shown = shown[:, 0].pow(how.gamma)
        with autocast():
            logits = network(standardised(shown, covered(shown)))
        back = _sampled(logits.float().sigmoid(), _back(how), SIDE)[:, 0]
        found[first : first + BATCH] = back.cpu().numpy()
    return found


def _sampled(images: Tensor, where: Tensor, side_px: int) -> Tensor:
    """Return `images` (n, 1, rows, columns) sampled by a matrix; 0 from outside.

    From SIDE to half of it this is the mean of four pixels.
    """
    size = [len(images), 1, side_px, side_px]
    theta = where.to(images.device).expand(len(images), 2, 3)
    net = functional.affine_grid(theta, size, align_corners=False)
    return functional.grid_sample(images, net, align_corners=False)


def _there(how: Pass) -> Tensor:
    right, down = how.shift
    return torch.tensor([[how.scale, 0.0, right], [0.0, how.scale, down]])


def _back(how: Pass) -> Tensor:
    right, down = how.shift
    back = 1 / how.scale
    return torch.tensor([[back, 0.0, -right * back], [0.0, back, -down * back]])

"""Slow copies of networks: what MoCo v3, BYOL and DINO share."""

import copy
import math
from typing import TypeVar

from timm.layers.drop import DropPath
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


def slow_copy(network: Network) -> Network:
    """Return a copy of `network` that no gradient moves and that drops nothing.

    Its batch norms keep statistics of their own. Dropout and drop path are the fast
    network's alone, as in the DINO authors' code.
    """
    slow = copy.deepcopy(network).requires_grad_(False)
    for part in slow.modules():
        if isinstance(part, nn.modules.dropout._DropoutNd):
            part.p = 0.0
        elif isinstance(part, DropPath):
            part.drop_prob = 0.0
    return slow


def rising(start: float, share: float) -> float:
    """Return the momentum when `share` of training is done: half a cosine to 1.

    BYOL (https://arxiv.org/abs/2006.07733), section 3.3; the same in MoCo v3 and DINO.
    """
    return 1 - (1 - start) * (math.cos(math.pi * share) + 1) / 2

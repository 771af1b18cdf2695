"""In which order the images of a pool are met: the same for a seed and an epoch."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain.randomness import seed_of

ORDER = 3  # names the random numbers of orders, apart from those of steps and views


def generator_of(seed: int, epoch: int) -> torch.Generator:
    """Return the random numbers of one epoch, on the CPU.

    They follow from its number alone: nothing of them has to be kept.
    """
    return torch.Generator().manual_seed(seed_of([seed, epoch, ORDER]))


def order_of(
    datasets: NDArray[np.object_],
    sampling: dict[str, float],
    generator: torch.Generator,
) -> Tensor:
    """Return the numbers of the images of one epoch: as many as there are.

    Args:
        datasets: of each image, shape (images,).
        sampling: how often an image's dataset is met; relative to each other. Without
            any, every image is met once.
        generator: on the CPU.

    Returns:
        int64, shape (images,). A dataset is gone through as a whole before any of its
        images comes again.

    Raises:
        InputError: if no image would be met.
    """
    if not sampling:
        return torch.randperm(len(datasets), generator=generator)
    names = sorted(sampling.keys() & set(datasets))  # a pool may hold none of one
    weight = torch.tensor([sampling[name] for name in names])
    if not weight.any():
        raise InputError(
            "sampling: the pool holds images of those datasets only of which none is "
            "met (0); give them a weight"
        )
    asked = len(datasets) * weight.double() / weight.sum()
    counts = asked.floor().long()
    short = len(datasets) - int(counts.sum())
    counts[torch.argsort(asked - counts, descending=True, stable=True)[:short]] += 1
    drawn = [
        _rounds(torch.from_numpy(np.flatnonzero(datasets == name)), count, generator)
        for name, count in zip(names, counts.tolist(), strict=True)
    ]
    met = torch.cat(drawn)
    return met[torch.randperm(len(met), generator=generator)]


def _rounds(members: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return `count` of the `members`, all of them as often but for one time."""
    rounds = -(-count // len(members))
    shuffled = [
        members[torch.randperm(len(members), generator=generator)]
        for _ in range(rounds)
    ]
    return torch.cat([members[:0], *shuffled])[:count]

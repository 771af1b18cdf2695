"""What several processes know together, with gradients; a process alone knows it all.

Every process has an equal part of the batch and a loss of its own. The losses here are
written so that their mean over processes is the loss of the whole batch, and the
backward passes add up over processes: a loop that averages gradients over processes, as
``DistributedDataParallel`` does, gets the gradient of the whole batch.
"""

from typing import Any

import torch
from torch import Tensor, distributed


def processes() -> int:
    """Return how many processes share a batch."""
    together = distributed.is_available() and distributed.is_initialized()
    return distributed.get_world_size() if together else 1


def rank_offset(n_rows: int) -> int:
    """Return where this process's `n_rows` begin in what `gathered` returns."""
    return distributed.get_rank() * n_rows if processes() > 1 else 0


def gathered(tensor: Tensor) -> Tensor:
    """Return the rows of all processes, (processes x rows, ...), in order of rank."""
    if processes() == 1:
        return tensor
    return _Gathered.apply(tensor)


def summed(tensor: Tensor) -> Tensor:
    """Return the sum of the `tensor` of all processes, same shape."""
    if processes() == 1:
        return tensor
    return _Summed.apply(tensor)


class _Gathered(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, tensor: Tensor) -> Tensor:  # noqa: ANN401
        ctx.n_rows = len(tensor)
        parts = [torch.empty_like(tensor) for _ in range(processes())]
        distributed.all_gather(parts, tensor.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:  # noqa: ANN401
        start = rank_offset(ctx.n_rows)
        return _sum(gradients[0])[start : start + ctx.n_rows]


class _Summed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, tensor: Tensor) -> Tensor:  # noqa: ANN401
        return _sum(tensor)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:  # noqa: ANN401
        return _sum(gradients[0])


def _sum(tensor: Tensor) -> Tensor:
    total = tensor.clone(memory_format=torch.contiguous_format)
    distributed.all_reduce(total)
    return total

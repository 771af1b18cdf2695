"""Batch norms that know the whole batch where each process has a part of it.

Ioffe and Szegedy 2015, "Batch Normalization", https://arxiv.org/abs/1502.03167,
algorithm 1, with mean and variance over the images of all processes. On GPUs torch's
own does it, by way of timm, which keeps its norms' activations; it refuses CPUs.
"""

from types import MethodType
from typing import Any

import torch
from timm.layers.norm_act import BatchNormAct2d, convert_sync_batchnorm
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from workflow_scripts.core.device import device
from workflow_scripts.pretrain.gathered import gathered, processes, summed


def synchronised(model: nn.Module) -> nn.Module:
    """Return `model`, in training its batch norms being those of all processes' batch.

    Parameters and buffers stay the same objects of the same names. In evaluation a
    batch norm is what it was, and a process alone gets the model untouched.

    Args:
        model: is changed. Every process gives it a part of the batch of equal size.

    Raises:
        TypeError: if the model has batch norms that do something of their own.
    """
    if processes() == 1:
        return model
    if device().type == "cuda":
        return convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
    for part in model.modules():
        if not isinstance(part, _BatchNorm):
            continue
        if type(part).forward not in {_BatchNorm.forward, BatchNormAct2d.forward}:
            raise TypeError(f"{type(part).__name__} cannot be synchronised")
        part.forward = MethodType(_forward, part)  # type: ignore[method-assign]
    return model


def _forward(norm: _BatchNorm, maps: Tensor) -> Tensor:
    """Return what `norm` returns, of a shape (batch, channels, ...)."""
    if not norm.training:
        return type(norm).forward(norm, maps)
    norm._check_input_dim(maps)  # type: ignore[no-untyped-call]
    half = maps.dtype in {torch.bfloat16, torch.float16}
    values = maps.float() if half else maps
    with torch.no_grad():
        mean, variance, count = _over_all(values)
        _remember(norm, mean, variance * count / (count - 1))
    out: Tensor = _Normalised.apply(
        values, norm.weight, norm.bias, mean, variance, norm.eps
    )
    out = out.to(maps.dtype)
    if isinstance(norm, BatchNormAct2d):
        out = norm.act(norm.drop(out))
    return out


def _over_all(values: Tensor) -> tuple[Tensor, Tensor, int]:
    """Return mean and variance (channels,) over all processes, and of how many values.

    Each has as many values. Deviations are taken from each process's own mean, so that
    nothing is lost where the mean is large (Chan et al. 1983, "Algorithms for Computing
    the Sample Variance").
    """
    here = torch.batch_norm_update_stats(values, None, None, 0.0)  # mean, variance
    means, variances = gathered(torch.stack(here)[None]).unbind(1)
    between, mean = torch.var_mean(means, 0, correction=0)
    count = values.numel() // values.shape[1] * processes()
    return mean, variances.mean(0) + between, count


def _remember(norm: _BatchNorm, mean: Tensor, variance: Tensor) -> None:
    """Move the running statistics of `norm`, as torch does."""
    if not norm.track_running_stats:
        return
    assert norm.num_batches_tracked is not None
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.num_batches_tracked.add_(1)
    share = norm.momentum
    if share is None:  # the mean of all batches so far
        share = 1 / int(norm.num_batches_tracked)
    for running, now in ((norm.running_mean, mean), (norm.running_var, variance)):
        running.lerp_(now.to(running.dtype), share)


class _Normalised(torch.autograd.Function):
    """Values less their mean by their deviation, both of which follow the values."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        values: Tensor,
        weight: Tensor | None,
        bias: Tensor | None,
        mean: Tensor,
        variance: Tensor,
        eps: float,
    ) -> Tensor:
        ctx.save_for_backward(values, weight, mean, variance)
        ctx.eps, ctx.biased = eps, bias is not None
        return functional.batch_norm(values, mean, variance, weight, bias, eps=eps)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        values, weight, mean, variance = ctx.saved_tensors
        # the gradient if the statistics stood still, and two sums over this process
        straight, by_value, total = torch.ops.aten.native_batch_norm_backward(
            *(gradients[0], values, weight, mean, variance, None, None),
            *(False, ctx.eps, [True, True, True]),
        )
        count = values.numel() // values.shape[1] * processes()
        mean_by_value, mean_of_all = summed(torch.stack([by_value, total])) / count
        slope = torch.rsqrt(variance + ctx.eps)
        scale = slope if weight is None else slope * weight
        shape = (-1, *[1] * (values.ndim - 2))
        slope = -scale * slope * mean_by_value
        constant = -scale * mean_of_all - slope * mean
        back = torch.addcmul(straight, values, slope.view(shape))
        back += constant.view(shape)
        by_weight = None if weight is None else by_value
        return back, by_weight, total if ctx.biased else None, None, None, None

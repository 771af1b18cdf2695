"""Turn a network for colour into one for grey images that sees the same in them.

A grey pixel `g` is the same in three channels, and the first layer gives, with `m` and
`s` the mean and deviation of each channel,

    sum_c w_c (g - m_c) / s_c + b .

With one mean `mu` and one deviation `sigma` (the averages of the three) that is

    W (g - mu) / sigma + b + d ,
    W = sigma sum_c w_c / s_c ,
    d = sum_c w_c (mu - m_c) / s_c , summed over the kernel.

`W` is the sum of the colours where the deviations are equal. `d` is put into the bias,
or into the mean of the BatchNorm behind a layer without one. It is exact but where the
layer pads with zeros: three channels call other greys zero than one does.
"""

import dataclasses
from typing import Any

import torch
from timm.layers.norm_act import BatchNormAct2d
from timm.models._manipulate import adapt_input_conv
from torch import Tensor, nn

from workflow_scripts.core.encoders import Card
from workflow_scripts.pretrain.weights.formats import Pixels
from workflow_scripts.pretrain.weights.reading import Tensors

COLOURS = 3


def first_layers(model: nn.Module) -> list[str]:
    """List the names of the layers of `model` that see the image, as timm says."""
    known: Any = getattr(model, "pretrained_cfg", None) or {}
    names = known.get("first_conv") or ()
    found = [names] if isinstance(names, str) else list(names)
    own = model.state_dict()
    return [name for name in found if f"{name}.weight" in own]


def is_coloured(tensors: Tensors, model: nn.Module) -> bool:
    """Say whether a first layer among `tensors` has three channels for ours."""
    own = model.state_dict()
    return any(
        _is_coloured(tensors.get(f"{name}.weight"), own[f"{name}.weight"])
        for name in first_layers(model)
    )


def summed(
    tensors: Tensors, model: nn.Module, pixels: Pixels
) -> tuple[Tensors, list[str]]:
    """Return `tensors` for the grey `model`, and which layers it is inexact for.

    Args:
        tensors: of a network for colour, with timm's names.
        model: that they are for.
        pixels: what the network for colour sees, three numbers each.
    """
    changed, inexact = dict(tensors), []
    own = model.state_dict()
    for name in first_layers(model):
        weight = tensors.get(f"{name}.weight")
        if weight is None or not _is_coloured(weight, own[f"{name}.weight"]):
            continue
        if weight.shape[1] != COLOURS:  # pixels folded into channels: timm knows which
            changed[f"{name}.weight"] = adapt_input_conv(1, weight)
            inexact.append(name)
            continue
        mean, deviation = (
            torch.tensor(values, dtype=torch.float64)
            for values in (pixels.mean, pixels.deviation)
        )
        scaled = weight.double() / deviation[:, None, None]
        grey = (scaled * deviation.mean()).sum(1, keepdim=True)
        changed[f"{name}.weight"] = grey.to(torch.float32)
        shift = (scaled.sum((2, 3)) * (mean.mean() - mean)).sum(1)
        if shift.any() and not _absorbed(changed, model, name, shift):
            inexact.append(name)
    return changed, inexact


def normalised_by(card: Card, pixels: Pixels, notes: dict[str, Any]) -> Card:
    """Return `card` with the averages of `pixels`, and more `notes`."""
    return dataclasses.replace(
        card,
        mean=sum(pixels.mean) / len(pixels.mean),
        deviation=sum(pixels.deviation) / len(pixels.deviation),
        notes={**card.notes, **notes},
    )


def _is_coloured(weight: Tensor | None, own: Tensor) -> bool:
    return (
        weight is not None
        and weight.ndim == own.ndim == 4
        and weight.shape[1] == COLOURS * own.shape[1]
    )


def _absorbed(tensors: Tensors, model: nn.Module, name: str, shift: Tensor) -> bool:
    """Put the constant `shift`, (channels,), behind the layer `name`, if it can be."""
    place = f"{name}.bias"
    if place not in tensors:
        norm = _norm_behind(model, name)
        place, shift = f"{norm}.running_mean", -shift
        if norm is None or place not in tensors:
            return False
    tensors[place] = (tensors[place].double() + shift).to(torch.float32)
    return True


def _norm_behind(model: nn.Module, name: str) -> str | None:
    """Return the name of the BatchNorm right behind the layer `name`, if one is."""
    below = f"{name}."
    modules = [
        (other, module)
        for other, module in model.named_modules()
        if not other.startswith(below)
        and (isinstance(module, BatchNormAct2d) or not any(module.children()))
    ]
    names = [other for other, _ in modules]
    if name not in names or names.index(name) + 1 == len(names):
        return None
    behind, module = modules[names.index(name) + 1]
    norms = (nn.BatchNorm2d, BatchNormAct2d)
    return behind if isinstance(module, norms) else None

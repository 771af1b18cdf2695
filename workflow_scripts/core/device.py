"""Where networks run, and in which precision."""

import contextlib
from contextlib import AbstractContextManager
from typing import TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


def device() -> torch.device:
    """Return the GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def placed(model: Network) -> Network:
    """Return `model` on the device, its images laid out as convolutions like them."""
    return model.to(device()).to(memory_format=torch.channels_last)


def autocast() -> AbstractContextManager[object]:
    """Compute in bfloat16 where the device has instructions for it, else in float32.

    A CPU without them is many times slower in bfloat16. Which of the two was used is
    told by the `cpu_capability` and `accelerator` of a provenance sidecar.
    """
    here = device().type
    if here == "cuda" or torch.cpu._is_avx512_bf16_supported():
        return torch.autocast(here, dtype=torch.bfloat16)
    return contextlib.nullcontext()

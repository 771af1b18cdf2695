"""Augmentation policies, one per file; the file's name is the policy's name.

A policy file holds one function:

``augment(images, generator)``  uint8 (batch, size_px, size_px), on any device
                                -> float32 in [0, 1], (batch, size_px, size_px)

One call makes one view of every image; every random number is from `generator`.
"""

from importlib import import_module
from types import ModuleType


def load(name: str) -> ModuleType:
    """Return the policy file called `name`.

    Raises:
        ModuleNotFoundError: if there is no such file.
    """
    return import_module(f"{__name__}.{name}")

"""Finders of lungs, one file each, loaded by name.

A finder's file has one function, `finder(weights)`, that makes ready whatever it needs
and returns a function from pictures to `Found`.

`weights` is the file of a trained finder; None for those that need none. Pictures are
uint8, shape (n, SIDE, SIDE), made by `resize.squared`: proportions kept, black beside.
`drawn` holds the lungs that somebody drew, bool, of the same shape, and `known` says of
which pictures anybody did.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

SIDE = 256  # of the squares in which lungs are looked for, in pixels


@dataclass(frozen=True, kw_only=True)
class Squares:
    """A batch of pictures in which lungs are to be found."""

    pictures: NDArray[np.uint8]  # shape (n, SIDE, SIDE)
    drawn: NDArray[np.bool_]  # the same shape; nowhere True where nobody drew
    known: NDArray[np.bool_]  # shape (n,); somebody drew


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a finder says of a batch of pictures."""

    lungs: NDArray[np.bool_]  # shape (n, SIDE, SIDE)
    agreement: NDArray[np.float64]  # shape (n,), 0 to 1; NaN where it says nothing


Finder = Callable[[Squares], Found]


def load(name: str) -> ModuleType:
    """Return the finder's module."""
    return import_module(f"{__name__}.{name}")


def ready(name: str, weights: Path | None) -> Finder:
    """Return the finder `name`, made ready with its `weights`."""
    made: Finder = load(name).finder(weights)
    return made

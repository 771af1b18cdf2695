"""Mask sources: where somebody drew the lungs, and how they wrote it down.

One file each, loaded by name. A mask source is a module with

    def find(place: Path, wanted: list[str]) -> Callable[[str], Mask | None]

`place` is a folder or a table of the publisher's. `wanted` lists the paths (below the
dataset's root, decoded) that will be asked for, one shard's, so that of a table of
gigabytes little is kept. The function that comes back takes one of them and returns the
mask of that picture, or None where there is none, or none to be trusted. Two pictures
never share a mask. Nothing that it raises may quote a name.
"""

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.core.errors import InputError

Mask = NDArray[np.uint8]  # 1 in the lungs, 0 elsewhere, on the file's own grid
Find = Callable[[str], Mask | None]


def load(source: str) -> Callable[[Path, list[str]], Find]:
    """Return the `find` of one mask source.

    Raises:
        InputError: if there is no such source.
    """
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    if source not in names:
        raise InputError(f"lung_masks: source must be one of {sorted(names)}")
    module = importlib.import_module(f"{__name__}.{source}")
    find: Callable[[Path, list[str]], Find] = module.find
    return find

"""Checks of what can be seen in a picture, whatever its file said.

One file each, loaded by name, never all of them. A check is a module with

    def suspect(picture: NDArray[np.uint8]) -> str

It is given the picture as displayed: air dark, upright, shape (rows, columns), long
side at most 1024. It returns "" if it sees nothing, else a short detail in fixed words
and numbers, never a text that came from a file. The module's name is the code of the
reason. A picture that a check finds suspect waits for a person, so a check would
rather miss than cry wolf; each says how often it does either.
"""

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.core.errors import InputError

Check = Callable[[NDArray[np.uint8]], str]


@cache
def load(check: str) -> Check:
    """Return the `suspect` of one check.

    Raises:
        InputError: if there is no such check.
    """
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    if check not in names:
        raise InputError(f"checks: must be one of {sorted(names)}")
    module = importlib.import_module(f"{__name__}.{check}")
    return module.suspect

"""Shortcuts: what tells a finding without lungs being read. One file each.

A shortcut is the function that bears its file's name, `(shown, taught)`:

    shown     what there is to look at, of n images in one order
    taught    which of them the model learns from, bool, shape (n,)

It returns features for a trivial model: finite float32 of shape (n, width), the same
whenever it is called with the same. What is learnt here, such as the categories of a
header's words, comes from the taught images only.
"""

import importlib
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SIDE_PX = 32  # of a thumbnail

Features = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What shortcuts look at: n images, small, and what is said of them."""

    thumbnails: NDArray[np.uint8]  # the stored images, shape (n, SIDE_PX, SIDE_PX)
    blanked: NDArray[np.uint8]  # the same, trusted lungs black; alike where none are
    headers: pd.DataFrame  # of `ingest.images`, and the crop of `store/images`; n rows


class Shortcut(Protocol):
    """What every file of this folder offers."""

    def __call__(self, shown: Shown, taught: NDArray[np.bool_]) -> Features:
        """Return features of all images, learnt from the taught ones."""


def load(name: str) -> Shortcut:
    """Return the shortcut `name`, whose file the rule has named."""
    module: Any = importlib.import_module(f"{__name__}.{name}")
    shortcut: Shortcut = getattr(module, name)
    return shortcut


def greys(pictures: NDArray[np.uint8]) -> Features:
    """Return the grey values of `pictures` in a row for each, 0 to 1."""
    rows = pictures.reshape(len(pictures), -1)
    return np.divide(rows, 255, dtype=np.float32)

"""The values that occur in a picture: counted once, then each given its shade."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from workflow_scripts.ingest.lookup import Values, clipped

TAIL = 0.005  # share of the pixels at each end that may lie beyond the rest
BEYOND = 0.25  # how far, in parts of the rest's range, before they are clipped
WHITE = 65535  # of a picture in 16 bits


@dataclass(frozen=True, kw_only=True)
class Levels:
    """The stored values that occur in a picture, and how often."""

    values: NDArray[Any]  # of the picture's type, each once
    counts: NDArray[np.float64]

    def where(self, kept: NDArray[np.bool_]) -> "Levels":
        """Return some of the levels."""
        return Levels(values=self.values[kept], counts=self.counts[kept])


def occurring(stored: NDArray[Any]) -> Levels:
    """Return the values of a picture of 8 or 16 bits, in the order of their words."""
    size = 2 ** (8 * stored.itemsize)
    words = np.ascontiguousarray(stored).view(f"u{stored.itemsize}")
    counts = cv2.calcHist([words], [0], None, [size], [0, size]).ravel()
    present = np.flatnonzero(counts)
    return Levels(
        values=present.astype(words.dtype).view(stored.dtype),
        counts=counts[present].astype(np.float64),
    )


def looked_up(stored: NDArray[Any], levels: Levels, shown: Values) -> NDArray[Any]:
    """Return the picture whose values `levels` are shown as `shown`, in [0, 1].

    8 bits that are shown as they are stay 8 bits; all else becomes 16.
    """
    places = levels.values.view(f"u{stored.itemsize}")
    if stored.itemsize == 1 and np.array_equal(np.rint(shown * 255), places):
        return stored.view(np.uint8)
    table = np.zeros(2 ** (8 * stored.itemsize), np.uint16)
    table[places] = np.rint(shown * WHITE)
    words = np.ascontiguousarray(stored).view(places.dtype)
    return np.asarray(cv2.LUT(words, table))


def stretched(values: Values, counts: NDArray[np.float64]) -> Values:
    """Return `values` stretched to [0, 1], from the smallest to the largest.

    Hot pixels and lead letters do not take the contrast from the rest: what lies far
    beyond the outer tails is clipped.

    Args:
        values: shape (levels,).
        counts: how many pixels have each.
    """
    order = np.argsort(values, kind="stable")
    tail = TAIL * counts.sum()  # each end alike: a negative must give the negative
    low = values[order[np.searchsorted(np.cumsum(counts[order]), tail)]]
    back = order[::-1]
    high = values[back[np.searchsorted(np.cumsum(counts[back]), tail)]]
    low, high = float(low), float(high)
    if high > low:
        reach = BEYOND * (high - low)
        low = max(float(values.min()), low - reach)
        high = min(float(values.max()), high + reach)
    else:
        low, high = float(values.min()), float(values.max())
    return clipped(values - np.float32(low), max(high - low, 1e-6))

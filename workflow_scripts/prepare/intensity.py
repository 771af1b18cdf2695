"""Measure the grey values of a dataset's stored training images."""

import logging
from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.progress import progress
from workflow_scripts.core.store import Store
from workflow_scripts.core.tables.prepare import SPLITS
from workflow_scripts.core.tables.prepare_pixels import INTENSITY, STORE

EXACT = 2**24  # pixels that OpenCV counts at once in single precision without rounding

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Of which dataset, and how large an image is."""

    dataset: str
    size_px: int


def main(
    *, splits: Input, rows: Input, stores: Inputs, recipe: Recipe, intensity: Output
) -> None:
    """Count the grey values of the training images; write their mean and deviation."""
    known = STORE.read(rows).merge(SPLITS.read(splits), on="image_id")
    train = known[known["split"] == "train"].sort_values(["shard", "row"])
    counts = counted(train, Store(stores, recipe.size_px))
    mean, deviation = moments(counts)
    log.info("%d images: mean %.4f, deviation %.4f", len(train), mean, deviation)
    told = {"dataset": recipe.dataset, "mean": mean, "deviation": deviation}
    INTENSITY.write(pd.DataFrame([told | {"n_images": len(train)}]), intensity)


def counted(wanted: pd.DataFrame, store: Store) -> NDArray[np.int64]:
    """Return how many pixels of the `wanted` images have each grey value, 0 to 255.

    Args:
        wanted: columns shard and row.
        store: of all shards.
    """
    counts = np.zeros(256, np.int64)
    shards, rows = (wanted[name].to_numpy(np.int64) for name in ("shard", "row"))
    size = max(1, min(256, EXACT // store.size_px**2))
    starts = range(0, len(wanted), size)
    for start in progress(starts, total=len(starts), what="batches"):
        here = slice(start, start + size)
        images = store.gather(shards[here], rows[here]).reshape(-1, store.size_px)
        found = cv2.calcHist([images], [0], None, [256], [0, 256])
        counts += found.ravel().astype(np.int64)
    return counts


def moments(counts: NDArray[np.int64]) -> tuple[float, float]:
    """Return mean and deviation of grey values counted, 0 to 1; NaN of none."""
    total = counts.sum()
    if not total:
        return float("nan"), float("nan")
    grey = np.arange(256) / 255
    mean = float(counts @ grey / total)
    return mean, float(np.sqrt(counts @ (grey - mean) ** 2 / total))


if __name__ == "__main__":
    entry.run(main)

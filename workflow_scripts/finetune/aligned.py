"""Bring targets, features and pixels into one order of images."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workflow_scripts.core.store import Store, gather_by_dataset
from workflow_scripts.core.tables.prepare import STORE

KEY = ["dataset", "image_id"]


def images_of(targets: pd.DataFrame) -> pd.DataFrame:
    """Return each image of `targets` once: dataset, image_id, patient_id, split.

    This is the order of every features file and every matrix of this stage.
    """
    images = targets[[*KEY, "patient_id", "split"]].drop_duplicates(KEY)
    return images.sort_values(KEY).reset_index(drop=True)


def matrix(
    targets: pd.DataFrame, images: pd.DataFrame, findings: list[str]
) -> NDArray[np.float64]:
    """Return the targets as 1, 0 and NaN, shape (images, findings)."""
    wide = targets.pivot_table(index=KEY, columns="finding", values="target")
    index = pd.MultiIndex.from_frame(images[KEY])
    return wide.reindex(index=index, columns=findings).to_numpy(np.float64)


def pixels_of(
    images: pd.DataFrame, stores: dict[str, tuple[Path, Path]], size_px: int
) -> NDArray[np.uint8]:
    """Return the pixels of `images`, uint8, shape (images, size_px, size_px).

    Args:
        images: as `images_of` returns them.
        stores: for each dataset its pixels file and its table of rows.
        size_px: side of the stored images.
    """
    rows = np.empty(len(images), np.int64)
    opened = {}
    for name, (pixels, table) in stores.items():
        here = (images["dataset"] == name).to_numpy()
        row_of = STORE.read(table).set_index("image_id")["row"]
        rows[here] = row_of.loc[images["image_id"][here]].to_numpy(np.int64)
        opened[name] = Store(pixels, size_px)
    return gather_by_dataset(images["dataset"].to_numpy(object), rows, opened)

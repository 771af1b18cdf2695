"""Bring targets, features and pixels into one order of images."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.store import Lungs, Store, by_dataset, gather_by_dataset
from workflow_scripts.core.tables.prepare_pixels import STORE

KEY = ["dataset", "image_id"]

Place = tuple[list[Path], Path]  # files of a dataset's store, and its table of rows


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


def places_of(
    datasets: list[str], stores: list[Path], rows: list[Path]
) -> dict[str, Place]:
    """Return where the images of each dataset lie.

    Args:
        datasets: their names, as `rows` are.
        stores: the files of all their stores.
        rows: the table of each store.
    """
    files = by_dataset(stores)
    pairs = zip(datasets, rows, strict=True)
    return {name: (files.get(name, []), table) for name, table in pairs}


def pixels_of(
    images: pd.DataFrame, places: dict[str, Place], size_px: int
) -> NDArray[np.uint8]:
    """Return the pixels of `images`, uint8, shape (images, size_px, size_px).

    Args:
        images: as `images_of` returns them.
        places: as `places_of` returns them.
        size_px: side of the stored images.
    """
    asked = _stored(images, places)
    return gather_by_dataset(
        asked["dataset"].to_numpy(object),
        asked["shard"].to_numpy(np.int64),
        asked["row"].to_numpy(np.int64),
        {name: Store(files, size_px) for name, (files, _) in places.items()},
    )


def masks_of(
    images: pd.DataFrame, places: dict[str, Place], size_px: int
) -> NDArray[np.uint8]:
    """Return what was drawn in `images`, 0 and 1, as `pixels_of` returns pixels.

    Args:
        images: as `images_of` returns them; in each of them something was drawn.
        places: of masks, in the geometry of the store.
        size_px: side of the stored images.
    """
    asked = _stored(images, places)
    found = np.empty((len(asked), size_px, size_px), np.uint8)
    for name, (files, _) in places.items():
        here = np.flatnonzero(asked["dataset"] == name)
        where = asked.iloc[here][["shard", "row"]].to_numpy(np.int64).T
        if len(here):
            found[here] = Lungs(files, size_px).gather(*where)
    return found


def _stored(images: pd.DataFrame, places: dict[str, Place]) -> pd.DataFrame:
    """Return dataset, shard and row of `images`, in their order."""
    parts = [
        STORE.read(table).assign(dataset=name) for name, (_, table) in places.items()
    ]
    known = pd.concat(parts, ignore_index=True)[[*KEY, "shard", "row"]]
    asked = images[KEY].merge(known, on=KEY, how="left", validate="one_to_one")
    if lost := int(asked["row"].isna().sum()):
        raise InputError(f"store: {lost} of {len(asked)} images are not in its table")
    return asked

"""Gather what shortcuts look at: small pictures from the stores, headers, crops."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workflow_scripts.core.progress import progress
from workflow_scripts.core.store import Lungs, Store
from workflow_scripts.core.tables.ingest import IMAGES
from workflow_scripts.core.tables.prepare_pixels import CROP, STORE
from workflow_scripts.evaluate.shortcuts import SIDE_PX, Shown

BATCH = 256

Pictures = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the images of one dataset lie, and what is known of them."""

    images: Path  # the table of ingestion
    rows: Path  # the table of the store
    stores: list[Path]
    lungs: list[Path]


def look(images: pd.DataFrame, places: dict[str, Place], size_px: int) -> Shown:
    """Return what there is to see of `images`, in their order.

    Args:
        images: columns dataset and image_id.
        places: of each dataset that `images` names.
        size_px: side of the stored images.
    """
    shape = len(images), SIDE_PX, SIDE_PX
    thumbnails, blanked = np.empty(shape, np.uint8), np.empty(shape, np.uint8)
    headers = []
    for name, place in places.items():
        here = np.flatnonzero(images["dataset"] == name)
        wanted = images["image_id"].iloc[here]
        known = IMAGES.read(place.images).set_index("image_id").loc[wanted]
        stored = STORE.read(place.rows).set_index("image_id").loc[wanted]
        headers.append(known.join(stored[list(CROP)]).set_axis(here))
        shards, rows = (stored[name].to_numpy(np.int64) for name in ("shard", "row"))
        thumbnails[here], blanked[here] = _small(place, size_px, shards, rows)
    together = pd.concat(headers).sort_index()
    return Shown(thumbnails=thumbnails, blanked=blanked, headers=together)


def _small(
    place: Place, size_px: int, shards: NDArray[np.int64], rows: NDArray[np.int64]
) -> tuple[Pictures, Pictures]:
    """Return thumbnails, and thumbnails without lungs, of one dataset's images."""
    store, lungs = Store(place.stores, size_px), Lungs(place.lungs, size_px)
    small = np.empty((2, len(rows), SIDE_PX, SIDE_PX), np.uint8)
    order = np.lexsort((rows, shards))  # as they lie in the files
    batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    for batch in progress(batches, total=len(batches), what="batches"):
        pixels = store.gather(shards[batch], rows[batch])
        small[0, batch] = reduced(pixels)
        pixels[lungs.gather(shards[batch], rows[batch])] = 0
        small[1, batch] = reduced(pixels)
    return small[0], small[1]


def reduced(pixels: Pictures) -> Pictures:
    """Return the mean grey value in each of 32 x 32 parts of every image.

    Args:
        pixels: shape (n, size_px, size_px); smaller images are enlarged.
    """
    how = cv2.INTER_AREA if pixels.shape[1] >= SIDE_PX else cv2.INTER_LINEAR
    side = SIDE_PX, SIDE_PX
    small = [cv2.resize(picture, side, interpolation=how) for picture in pixels]
    return np.stack(small).astype(np.uint8)

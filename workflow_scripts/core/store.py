"""Read the training store: equal images, uint8, memory-mapped, no decoding."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.core.errors import InputError


class Store:
    """The images of one dataset as one array, shape (images, size_px, size_px)."""

    def __init__(self, pixels: Path, size_px: int) -> None:
        """Map the file at `pixels`, which holds square images of side `size_px`.

        Raises:
            InputError: if the file does not hold a whole number of such images.
        """
        n_bytes = pixels.stat().st_size
        n_images, rest = divmod(n_bytes, size_px**2)
        if rest:
            raise InputError(f"{pixels}: not a whole number of {size_px} px squares")
        self.size_px = size_px
        shape = (n_images, size_px, size_px)
        self.pixels: NDArray[np.uint8] = (
            np.memmap(pixels, np.uint8, "r", shape=shape)
            if n_images  # an empty file cannot be mapped
            else np.empty(shape, np.uint8)
        )

    def gather(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the images at `rows`, shape (rows, size_px, size_px)."""
        return np.asarray(self.pixels[rows])


def gather_by_dataset(
    datasets: NDArray[np.object_], rows: NDArray[np.int64], stores: dict[str, Store]
) -> NDArray[np.uint8]:
    """Return images that lie in several stores, in the order asked.

    Args:
        datasets: the dataset of each image wanted, shape (images,).
        rows: the row of each in its dataset's store, shape (images,).
        stores: the store of each dataset, all of one size.

    Returns:
        uint8, shape (images, size_px, size_px).
    """
    (size_px,) = {store.size_px for store in stores.values()}
    images = np.empty((len(rows), size_px, size_px), np.uint8)
    for name, store in stores.items():
        here = np.flatnonzero(datasets == name)
        images[here] = store.gather(rows[here])
    return images

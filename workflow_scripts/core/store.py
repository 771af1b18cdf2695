"""Read the training store: equal images, uint8, memory-mapped, no decoding.

A dataset's store is `{dataset}/store/{shard}.u8`, one file for each shard, image after
image; the lungs of the same images lie in `{shard}.lungs`, a bit for each pixel.
"""

from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.core.errors import InputError

Bytes = NDArray[np.uint8]
Rows = NDArray[np.int64]
File = TypeVar("File", bound=Hashable)


class Store:
    """The images of one dataset, wherever they lie in its shards."""

    def __init__(self, files: list[Path], size_px: int) -> None:
        """Map `files`, named by their shard's number, of squares of side `size_px`.

        Raises:
            InputError: if a file does not hold a whole number of such images.
        """
        self.size_px = size_px
        self.shards = {
            int(file.stem): mapped(file, (size_px, size_px)) for file in files
        }

    def gather(self, shards: Rows, rows: Rows) -> Bytes:
        """Return the images at `rows` of `shards`, shape (rows, size_px, size_px)."""
        shape = (self.size_px, self.size_px)
        return copied(self.shards, shards.tolist(), rows, shape)


class Lungs:
    """Where the lungs are in the images of a `Store`, in the same places."""

    def __init__(self, files: list[Path], size_px: int) -> None:
        """Map `files`, named by their shard's number, of masks of side `size_px`."""
        self.size_px = size_px
        self.shape = (size_px, -(-size_px // 8))
        self.shards = {int(file.stem): mapped(file, self.shape) for file in files}

    def gather(self, shards: Rows, rows: Rows) -> NDArray[np.bool_]:
        """Return the masks at `rows` of `shards`, shape (rows, size_px, size_px)."""
        packed = copied(self.shards, shards.tolist(), rows, self.shape)
        return np.unpackbits(packed, axis=-1, count=self.size_px).astype(np.bool_)


def mapped(file: Path, shape: tuple[int, int]) -> Bytes:
    """Return the bytes of `file` as one array, shape (images, *shape), not yet read.

    Raises:
        InputError: if the file does not hold a whole number of images.
    """
    n_images, rest = divmod(file.stat().st_size, shape[0] * shape[1])
    if rest:
        raise InputError(
            f"{file}: not a whole number of images of {shape[0]} px; delete it and run "
            "again"
        )
    if not n_images:  # an empty file cannot be mapped
        return np.empty((0, *shape), np.uint8)
    # a plain array on the map: rows of a `memmap` are objects, and slow to make
    return np.asarray(np.memmap(file, np.uint8, "r", shape=(n_images, *shape)))


def copied(
    maps: Mapping[File, Bytes],
    files: Iterable[File],
    rows: Rows,
    shape: tuple[int, int],
) -> Bytes:
    """Return one image from each place, copied once, in the order asked.

    Args:
        maps: the images of each file.
        files: which file each image is in; as many as `rows`.
        rows: which image of that file.
        shape: of one image.
    """
    images = np.empty((len(rows), *shape), np.uint8)
    for image, file, row in zip(images, files, rows.tolist(), strict=True):
        image[:] = maps[file][row]
    return images


def by_dataset(files: list[Path]) -> dict[str, list[Path]]:
    """Return the `files` of each dataset, `{dataset}/store/{shard}.*`."""
    found: dict[str, list[Path]] = {}
    for file in files:
        found.setdefault(file.parent.parent.name, []).append(file)
    return found


def gather_by_dataset(
    datasets: NDArray[np.object_], shards: Rows, rows: Rows, stores: dict[str, Store]
) -> Bytes:
    """Return images that lie in several stores, in the order asked.

    Args:
        datasets: the dataset of each image wanted, shape (images,).
        shards: the shard of each in its dataset's store, shape (images,).
        rows: the row of each in its shard, shape (images,).
        stores: the store of each dataset, all of one size.

    Returns:
        uint8, shape (images, size_px, size_px).
    """
    (size_px,) = {store.size_px for store in stores.values()}
    maps = {
        (name, shard): images
        for name, store in stores.items()
        for shard, images in store.shards.items()
    }
    files = zip(datasets.tolist(), shards.tolist(), strict=True)
    return copied(maps, files, rows, (size_px, size_px))

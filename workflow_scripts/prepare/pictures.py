"""The pictures of one shard, as ingestion left them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workflow_scripts.core.tables.ingest import DECODED, NO_MASK

Picture = NDArray[np.uint8]


class Pictures:
    """The accepted pictures of one shard, in the order in which they lie there."""

    def __init__(self, decoded: Path, pixels: Path) -> None:
        """Read which pictures there are from `decoded`, and map the `pixels`."""
        known = DECODED.read(decoded)
        kept = known[known["offset"].notna() & (known["status"] == "accepted")]
        self.listed = kept.sort_values("offset").reset_index(drop=True)
        self.pixels = mapped(pixels)
        places = self.listed[["offset", "picture_rows", "picture_columns"]]
        self.places = places.to_numpy(np.int64).tolist()

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.listed)

    def __iter__(self) -> Iterator[Picture]:
        """Yield every picture, uint8, shape (rows, columns)."""
        for number in range(len(self)):
            yield self[number]

    def __getitem__(self, number: int) -> Picture:
        """Return one picture."""
        return self._at(number, self.pixels)

    def drawn(self, masks: Picture, number: int) -> Picture | None:
        """Return the lungs that somebody drew in one picture: 0 and 1; None if nobody.

        Args:
            masks: the bytes of the shard's `lung_masks`; none where no masks are known.
            number: of the picture.
        """
        if not len(masks) or masks[self.places[number][0]] == NO_MASK:
            return None
        return self._at(number, masks)

    @property
    def file_ids(self) -> pd.Series:
        """Which file each picture is of."""
        return self.listed["file_id"]

    def _at(self, number: int, data: Picture) -> Picture:
        offset, rows, columns = self.places[number]
        return data[offset : offset + rows * columns].reshape(rows, columns)


def mapped(path: Path) -> Picture:
    """Return the bytes of a file, not yet read."""
    if not path.stat().st_size:  # an empty file cannot be mapped
        return np.empty(0, np.uint8)
    return np.asarray(np.memmap(path, np.uint8, "r"))

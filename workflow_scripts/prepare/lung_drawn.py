"""Pictures with drawn lungs: how they lie in files, and which part each is for."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.prepare_pixels import EXAMPLES
from workflow_scripts.prepare.finders import SIDE

Pairs = NDArray[np.uint8]  # shape (n, 2, SIDE, SIDE): picture, and its lungs as 0 and 1


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Pictures with drawn lungs, of one dataset or of several."""

    files: dict[str, Pairs]  # of each dataset; mapped, for there may be many
    listed: pd.DataFrame  # EXAMPLES with a column `dataset`

    def part(self, name: str) -> "Drawn":
        """Return those of one part: train, validation or test."""
        chosen = self.listed[self.listed["part"] == name]
        return replace(self, listed=chosen.reset_index(drop=True))

    def gather(self, numbers: NDArray[np.int64]) -> Pairs:
        """Return the pairs at these places of the list."""
        pairs = np.empty((len(numbers), 2, SIDE, SIDE), np.uint8)
        rows = self.listed["row"].to_numpy(np.int64)[numbers]
        datasets = self.listed["dataset"].to_numpy(object)[numbers]
        for name, file in self.files.items():
            here = np.flatnonzero(datasets == name)
            pairs[here] = file[rows[here]]
        return pairs


def read(examples: list[Path], listed: list[Path], datasets: list[str]) -> Drawn:
    """Read the examples of several datasets, in their order.

    Raises:
        InputError: if a file of pictures and its table do not belong together.
    """
    files, tables = {}, [EXAMPLES.empty().assign(dataset="")]
    for path, table, dataset in zip(examples, listed, datasets, strict=True):
        rows = EXAMPLES.read(table).sort_values("row")
        files[dataset] = _mapped(path, len(rows))
        tables.append(rows.assign(dataset=dataset))
    return Drawn(files=files, listed=pd.concat(tables, ignore_index=True))


def _mapped(path: Path, n_pairs: int) -> Pairs:
    shape = (n_pairs, 2, SIDE, SIDE)
    if path.stat().st_size != n_pairs * 2 * SIDE * SIDE:
        raise InputError(
            f"{path}: not {n_pairs} pairs of {SIDE} px squares, as its table says; "
            "delete both and run again"
        )
    if not n_pairs:  # an empty file cannot be mapped
        return np.empty(shape, np.uint8)
    return np.memmap(path, np.uint8, "r", shape=shape)

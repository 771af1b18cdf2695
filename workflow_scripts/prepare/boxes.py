"""Boxes in a picture: around a lung, around both with a margin."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Box:
    """A part of a picture, in its pixels."""

    top: int
    left: int
    rows: int
    columns: int

    def of(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return this part of `picture`."""
        down = slice(self.top, self.top + self.rows)
        return picture[down, self.left : self.left + self.columns]

    def named(self, prefix: str) -> dict[str, int]:
        """Return the box as columns of a table, `prefix` before their names."""
        return {f"{prefix}_{field.name}": getattr(self, field.name) for field in PARTS}


PARTS = fields(Box)


def around(mask: NDArray[np.bool_]) -> Box:
    """Return the smallest box around `mask`, which is somewhere true."""
    down = np.flatnonzero(mask.any(axis=1))
    across = np.flatnonzero(mask.any(axis=0))
    return Box(
        top=int(down[0]),
        left=int(across[0]),
        rows=int(down[-1] - down[0]) + 1,
        columns=int(across[-1] - across[0]) + 1,
    )


def widened(boxes: list[Box], margin: float, rows: int, columns: int) -> Box:
    """Return the box around all of `boxes`, with a margin.

    Args:
        boxes: one or more.
        margin: added on every side, as a share of the box's longer side; cut at the
            picture's border.
        rows: of the picture.
        columns: of the picture.
    """
    top, left = min(box.top for box in boxes), min(box.left for box in boxes)
    bottom = max(box.top + box.rows for box in boxes)
    right = max(box.left + box.columns for box in boxes)
    extra = round(margin * max(bottom - top, right - left))
    first_row, first_column = max(0, top - extra), max(0, left - extra)
    return Box(
        top=first_row,
        left=first_column,
        rows=min(rows, bottom + extra) - first_row,
        columns=min(columns, right + extra) - first_column,
    )

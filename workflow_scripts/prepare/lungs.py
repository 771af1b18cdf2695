"""Find the lungs in the pictures of one shard, and say how surely."""

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Identity, Input, Inputs, Output
from workflow_scripts.core.progress import progress
from workflow_scripts.core.tables.prepare_pixels import LUNGS
from workflow_scripts.prepare import finders
from workflow_scripts.prepare.boxes import Box
from workflow_scripts.prepare.finders import SIDE, Finder, Found, Squares
from workflow_scripts.prepare.lung_quality import judged
from workflow_scripts.prepare.lung_sheet import drawn_sheet
from workflow_scripts.prepare.pictures import Picture, Pictures, mapped
from workflow_scripts.prepare.resize import fit, squared

BATCH = 64  # pictures that the finder sees at once

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Who finds the lungs (config.yaml: ``prepare.lungs``)."""

    finder: str  # a file in `finders`


def main(
    *,
    weights: Inputs,
    decoded: Input,
    pixels: Input,
    lung_masks: Input,
    recipe: Recipe,
    identity: Identity,
    lungs: Output,
    found: Output,
    sheet: Output,
) -> None:
    """Look for lungs in all `pixels`; write masks, what is `found`, and a `sheet`.

    By its `identity` a shard is kept: a finder trained anew, and the same, finds none.
    """
    pictures, masks = Pictures(decoded, pixels), mapped(lung_masks)
    if recipe.finder == "drawn":
        warn_of_undrawn(pictures, masks)
    find = finders.ready(recipe.finder, weights[0] if weights else None)
    table = _searched(pictures, masks, find, lungs)
    LUNGS.write(table, found)
    sheet.write_bytes(drawn_sheet(pictures, lungs, LUNGS.read(found)))
    without = int(table["quality"].isna().sum())
    middle = table["quality"].astype(float).median()
    log.info("%d pictures, %d without lungs found", len(table), without)
    log.info("median quality of the others %.2f", middle)


def warn_of_undrawn(pictures: Pictures, masks: Picture) -> None:
    """Warn if somebody drew lungs in some of the pictures and not in others."""
    numbers = range(len(pictures))
    n_drawn = sum(pictures.drawn(masks, number) is not None for number in numbers)
    if 0 < n_drawn < len(pictures):
        log.warning(
            "lungs are drawn in %d of %d pictures: a crop then tells who was drawn, "
            "and a classifier may learn that; `finder: network` crops all alike",
            *(n_drawn, len(pictures)),
        )


def _searched(
    pictures: Pictures, masks: Picture, find: Finder, lungs: Path
) -> pd.DataFrame:
    """Write the masks of all pictures to `lungs`; return what is said of them."""
    rows: list[dict[str, Any]] = []
    with lungs.open("wb") as file:
        for at, batch in _found(pictures, masks, find):
            file.write(np.packbits(batch.lungs, axis=-1).tobytes())
            rows += [
                _row(pictures[at + number].shape, batch, number)
                for number in range(len(batch.lungs))
            ]
    table = pd.DataFrame(rows, columns=list(LUNGS.columns))
    table["file_id"], table["row"] = pictures.file_ids, range(len(table))
    return table


def _found(
    pictures: Pictures, masks: Picture, find: Finder
) -> Iterator[tuple[int, Found]]:
    """Yield the number of the first picture of each batch, and what is found in it."""
    starts = range(0, len(pictures), BATCH)
    for start in progress(starts, total=len(starts), what="batches"):
        numbers = range(start, min(start + BATCH, len(pictures)))
        yield start, find(squares(pictures, masks, numbers))


def squares(pictures: Pictures, masks: Picture, numbers: range) -> Squares:
    """Return some pictures, and the lungs drawn in them, as a finder wants them.

    Args:
        pictures: of one shard.
        masks: the bytes of its `lung_masks`; none where no masks are known.
        numbers: of the pictures wanted.
    """
    seen = np.stack([squared(pictures[number], SIDE) for number in numbers])
    drawn = np.zeros(seen.shape, np.bool_)
    known = np.zeros(len(seen), np.bool_)
    for place, number in enumerate(numbers):
        mask = pictures.drawn(masks, number)
        if mask is not None:
            drawn[place] = squared(mask * np.uint8(255), SIDE) >= 128
            known[place] = True
    return Squares(pictures=seen, drawn=drawn, known=known)


def _row(shape: tuple[int, ...], batch: Found, number: int) -> dict[str, Any]:
    """Return what the table says of one picture of a batch."""
    rows, columns = shape
    place = fit(rows, columns, SIDE)
    share = place.rows * place.columns / SIDE**2
    agreement = float(batch.agreement[number])
    seen = judged(batch.lungs[number], share, agreement)
    row: dict[str, Any] = {
        name: getattr(seen, name)
        for name in ("quality", "area", "symmetry", "pieces", "agreement")
    }
    for side, box in (("right", seen.right), ("left", seen.left)):
        if box is not None:
            row |= in_picture(box, rows, columns).named(side)
    return row


def in_picture(box: Box, rows: int, columns: int) -> Box:
    """Return a box in the square as the smallest in the picture that holds it."""
    place = fit(rows, columns, SIDE)
    down, across = rows / place.rows, columns / place.columns
    top = max(0, math.floor((box.top - place.top) * down))
    left = max(0, math.floor((box.left - place.left) * across))
    bottom = math.ceil((box.top + box.rows - place.top) * down)
    right = math.ceil((box.left + box.columns - place.left) * across)
    return Box(
        top=min(top, rows - 1),
        left=min(left, columns - 1),
        rows=max(1, min(rows, bottom) - top),
        columns=max(1, min(columns, right) - left),
    )


if __name__ == "__main__":
    entry.run(main)

"""Draw found lungs on their pictures, for the eye: no id of anything stands there."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workflow_scripts.prepare.boxes import around
from workflow_scripts.prepare.finders import SIDE
from workflow_scripts.prepare.lung_quality import sides
from workflow_scripts.prepare.pictures import Pictures
from workflow_scripts.prepare.resize import squared

SHOWN = 12  # evenly spread, and as many of the least quality
PER_ROW = 6
HEADING_PX = 24
OUTLINE = (80, 220, 255)  # blue, green, red, as OpenCV has them
RIGHT, LEFT = (255, 170, 60), (90, 90, 255)
WHITE = (255, 255, 255)

Colour = NDArray[np.uint8]


def drawn_sheet(pictures: Pictures, lungs: Path, found: pd.DataFrame) -> bytes:
    """Return a PNG with some pictures evenly spread, and those of least quality.

    Args:
        pictures: of one shard.
        lungs: file of the masks of all of them, a bit for each pixel.
        found: the shard's table of lungs.
    """
    if not len(pictures):
        return _png(np.zeros((1, 1, 3), np.uint8))
    packed = np.fromfile(lungs, np.uint8).reshape(len(pictures), SIDE, SIDE // 8)
    quality = found["quality"].to_numpy(np.float64)
    n_shown = min(SHOWN, len(quality))
    spread = np.linspace(0, len(quality) - 1, n_shown).astype(int)
    worst = np.argsort(np.nan_to_num(quality, nan=-1), kind="stable")[:n_shown]
    parts = []
    for heading, numbers in (("evenly spread", spread), ("of least quality", worst)):
        parts.append(_heading(f"{len(numbers)} of {len(quality)} pictures, {heading}"))
        tiles = [
            tile(squared(pictures[n], SIDE), np.unpackbits(packed[n], axis=-1) > 0, q)
            for n, q in zip(numbers, quality[numbers], strict=True)
        ]
        parts += _in_rows(tiles)
    return _png(np.concatenate(parts))


def tile(
    picture: NDArray[np.uint8], lungs: NDArray[np.bool_], quality: float
) -> Colour:
    """Return one picture in colour, with its lungs, their boxes, and their quality."""
    shown = np.repeat(picture[:, :, None], 3, axis=2)
    outlines, _ = cv2.findContours(
        lungs.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE
    )
    cv2.drawContours(shown, outlines, -1, OUTLINE, 1)
    if lungs.any():
        for side, colour in zip(sides(lungs)[:2], (RIGHT, LEFT), strict=True):
            if side.any():
                box = around(side)
                end = box.left + box.columns - 1, box.top + box.rows - 1
                cv2.rectangle(shown, (box.left, box.top), end, colour, 1)
    said = "no lungs found" if np.isnan(quality) else f"{quality:.2f}"
    _write(shown, said, (4, 15))
    return shown


def _heading(words: str) -> Colour:
    strip = np.zeros((HEADING_PX, PER_ROW * SIDE, 3), np.uint8)
    _write(strip, words, (4, HEADING_PX - 8))
    return strip


def _write(image: Colour, words: str, place: tuple[int, int]) -> None:
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.45
    (width, height), below = cv2.getTextSize(words, font, scale, 1)
    start = place[0] - 2, place[1] - height - 2
    end = place[0] + width + 2, place[1] + below
    cv2.rectangle(image, start, end, (0, 0, 0), cv2.FILLED)
    cv2.putText(image, words, place, font, scale, WHITE, 1, cv2.LINE_AA)


def _in_rows(tiles: list[Colour]) -> list[Colour]:
    empty = np.zeros((SIDE, SIDE, 3), np.uint8)
    full = [*tiles, *[empty] * (-len(tiles) % PER_ROW)]
    starts = range(0, len(full), PER_ROW)
    return [np.concatenate(full[start : start + PER_ROW], axis=1) for start in starts]


def _png(image: Colour) -> bytes:
    return bytes(cv2.imencode(".png", image)[1].tobytes())

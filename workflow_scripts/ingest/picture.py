"""What is done to every picture, whatever file it came from."""

import hashlib
from functools import lru_cache
from typing import Any

import cv2
import imagecodecs
import numpy as np
from numpy.typing import NDArray

from workflow_scripts.ingest.reasons import Refused

LONGEST = 8  # times its width; beyond is a strip
BANDS = 64  # of rows, each with a checksum
STRIP = 8  # rows or columns that are made at once


def digest(stored: NDArray[Any]) -> str:
    """Return a digest of decoded values and their shape, whatever coded them.

    The SHA-256 of the CRC-32 of each of 64 bands, by libdeflate: a tenth of the time of
    SHA-256 over all values. It finds copies; the digest of the file's bytes is the one
    to trust.

    Args:
        stored: whole numbers of 8 or 16 bits, shape (rows, columns).
    """
    step = -(-len(stored) // BANDS)
    bands = [stored[row : row + step] for row in range(0, len(stored), step)]
    kind = "u1"
    if stored.dtype.kind == "i" and any(int(band.min()) < 0 for band in bands):
        kind = "<i2"
    elif any(int(band.max()) >= 2**8 for band in bands):
        kind = "<u2"
    kept: list[Any] = [np.ascontiguousarray(band, dtype=kind) for band in bands]
    sums = [imagecodecs.deflate_crc32(band) for band in kept]
    head = repr((kind, stored.shape, sums)).encode("ascii")
    return hashlib.sha256(head).hexdigest()


def check_shape(rows: int, columns: int) -> None:
    """Refuse a calibration strip.

    Raises:
        Refused: if one side is many times the other.
    """
    if max(rows, columns) > LONGEST * min(rows, columns):
        raise Refused("strip")


def reduced(picture: NDArray[Any], long_side_px: int) -> NDArray[np.uint8]:
    """Return a picture whose long side is at most `long_side_px`; never enlarged.

    Args:
        picture: white is 255 in uint8, 65535 in uint16; shape (rows, columns).
        long_side_px: in pixels.
    """
    white = np.iinfo(picture.dtype).max
    picture = shrunk(picture, long_side_px)
    if picture.dtype != np.uint8:
        picture = cv2.convertScaleAbs(picture, alpha=255 / white)
    return np.ascontiguousarray(picture)


def shrunk(values: NDArray[Any], long_side_px: int) -> NDArray[Any]:
    """Return the means of areas, so that the long side has at most so many.

    Returns:
        The type of `values`, or float32.
    """
    rows, columns = values.shape
    scale = long_side_px / max(rows, columns)
    if scale >= 1:
        return values
    high, wide = max(1, round(rows * scale)), max(1, round(columns * scale))
    if rows % high == 0 and columns % wide == 0:
        return cv2.resize(values, (wide, high), interpolation=cv2.INTER_AREA)
    return areas(values, high, wide)


def areas(values: NDArray[Any], high: int, wide: int) -> NDArray[np.float32]:
    """Return the means of `high` x `wide` areas of one size.

    Strips of the picture times their overlaps with the areas: what INTER_AREA is, in
    half the time. Only by whole factors OpenCV is as quick.
    """
    rows, columns = values.shape
    lower = np.empty((high, columns), np.float32)
    for made, used, shares in _strips(rows, high):
        np.matmul(shares, values[used].astype(np.float32), out=lower[made])
    means = np.empty((high, wide), np.float32)
    for made, used, shares in _strips(columns, wide):
        np.matmul(lower[:, used], shares.T, out=means[:, made])
    return means


@lru_cache(maxsize=32)
def _strips(old: int, new: int) -> list[tuple[slice, slice, NDArray[np.float32]]]:
    """Return for each strip of new rows the old ones, and the shares of these."""
    strips = []
    for begin in range(0, new, STRIP):
        end = min(begin + STRIP, new)
        used = slice(begin * old // new, -(-end * old // new))
        one = np.arange(begin, end)[:, None]
        other = np.arange(used.start, used.stop)
        last = np.minimum((one + 1) * old, (other + 1) * new)
        overlap = np.maximum(last - np.maximum(one * old, other * new), 0)
        shares = (overlap / old).astype(np.float32)
        strips.append((slice(begin, end), used, shares))
    return strips


def halved(values: NDArray[Any], least_px: int) -> NDArray[Any]:
    """Return means of 2 x 2, taken again while both sides keep at least `least_px`.

    Of an odd number of rows or columns the last is left out: only whole factors are
    quick, ten times as quick as others.
    """
    while min(values.shape) >= 2 * least_px:
        rows, columns = (n // 2 for n in values.shape)
        whole = values[: 2 * rows, : 2 * columns]
        values = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
    return values

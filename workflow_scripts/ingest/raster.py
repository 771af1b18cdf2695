"""Decode a PNG or JPEG file to a grey picture."""

import io
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from workflow_scripts.ingest.levels import looked_up, occurring, stretched
from workflow_scripts.ingest.parsing import LARGEST
from workflow_scripts.ingest.reasons import Refused

GREY_BUT = 3  # largest difference of channels in a grey picture saved as colour
ENDS = {"png": b"IEND", "jpeg": b"\xff\xd9"}
DEPTH = 24  # place of the bit depth in a PNG file


@dataclass(frozen=True, kw_only=True)
class Raster:
    """A grey picture and what its file says of it."""

    values: NDArray[Any]  # uint8 or uint16, shape (rows, columns), upright
    bits: int
    suffix: str  # png, jpeg or raw
    inverted: bool = False  # whether large values are dark


def read(data: bytes, *, bilevel: bool = False) -> Raster:
    """Return the picture of a file, turned as its EXIF says.

    Args:
        data: the file's bytes.
        bilevel: whether one bit for each pixel will do, as it does for masks.

    Raises:
        Refused: if it is bilevel, moves, has colour, is too large or cut.
        Exception: whatever Pillow raises on damaged bytes.
    """
    try:
        image = Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))
    except Image.DecompressionBombError:
        raise Refused("too_large", "more than 128 MB of pixels") from None
    with image:
        columns, rows = image.size
        if rows * columns * len(image.getbands()) > LARGEST:
            raise Refused("too_large", "more than 128 MB of pixels")
        if image.mode == "1" and not bilevel:
            raise Refused("bilevel")
        if getattr(image, "n_frames", 1) > 1:
            raise Refused("multi_frame")
        suffix = str(image.format).lower()
        _load(image, data, suffix)
        values = _grey(image, data)
    return Raster(values=values, bits=values.itemsize * 8, suffix=suffix)


def shown(raster: Raster) -> NDArray[Any]:
    """Return the picture as displayed: 8 bits as they are, more are stretched."""
    values = raster.values
    if raster.bits == 8:
        return 255 - values if raster.inverted else values
    levels = occurring(values)
    shades = stretched(levels.values.astype(np.float32), levels.counts)
    return looked_up(values, levels, 1 - shades if raster.inverted else shades)


def _load(image: Image.Image, data: bytes, suffix: str) -> None:
    """Decode the pixels; a picture without its end is `truncated`."""
    try:
        image.load()
    except (OSError, SyntaxError):
        if ENDS[suffix] not in data[-64:]:
            raise Refused("truncated", "the picture has no end marker") from None
        raise


def _grey(image: Image.Image, data: bytes) -> NDArray[Any]:
    """Return one channel of 8 or 16 bits, if all colours are grey."""
    if image.format == "PNG" and data[DEPTH] == 16:
        # Pillow would cut two or more channels to 8 bits
        channels = imagecodecs.png_decode(data)
        if channels.ndim == 2:
            return np.asarray(channels)
        return _one([channels[..., i] for i in range(channels.shape[2])], but=257)
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode == "1":
        return np.asarray(image).astype(np.uint8)
    if image.mode not in {"L", "LA", "RGB", "RGBA"}:
        image = image.convert("RGB")
    return _one([np.asarray(band) for band in image.split()], but=1)


def _one(bands: list[NDArray[Any]], *, but: int) -> NDArray[Any]:
    """Return the green band, or the only one besides opacity.

    Raises:
        Refused: if the bands differ by more than `GREY_BUT` times `but`.
    """
    if len(bands) < 3:
        return np.ascontiguousarray(bands[0])
    red, green, blue = bands[:3]
    low = np.minimum(np.minimum(red, green), blue)
    high = np.maximum(np.maximum(red, green), blue)
    if int((high - low).max()) > GREY_BUT * but:
        raise Refused("colour")
    return np.ascontiguousarray(green)

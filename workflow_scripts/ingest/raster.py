"""Decode a PNG or JPEG file to a grey picture."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from workflow_scripts.ingest.displayed import stretched
from workflow_scripts.ingest.parsing import LARGEST
from workflow_scripts.ingest.reasons import Refused

GREY_BUT = 3  # largest difference of channels in a grey picture saved as colour
PLAIN = {"L", "1", "I;16", "I;16B", "I"}


@dataclass(frozen=True, kw_only=True)
class Raster:
    """A grey picture and what its file says of it."""

    values: NDArray[Any]  # uint8 or uint16, shape (rows, columns), upright
    bits: int
    suffix: str  # png or jpeg


def read(data: bytes, *, bilevel: bool = False) -> Raster:
    """Return the picture of a file, turned as its EXIF says.

    Args:
        data: the file's bytes.
        bilevel: whether one bit for each pixel will do, as it does for masks.

    Raises:
        Refused: if it is bilevel, has colour, or is too large.
        Exception: whatever Pillow raises on damaged bytes.
    """
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
        columns, rows = image.size
        if rows * columns * 4 > LARGEST:
            raise Refused("too_large", "more than 512 MB of pixels")
        if image.mode == "1" and not bilevel:
            raise Refused("bilevel")
        suffix = str(image.format).lower()
        image.load()
        turned = ImageOps.exif_transpose(image)
        values = _grey(turned)
    return Raster(values=values, bits=values.itemsize * 8, suffix=suffix)


def shown(raster: Raster) -> NDArray[Any]:
    """Return the picture as displayed: 8 bits as they are, more are stretched."""
    if raster.bits == 8:
        return raster.values
    values = raster.values.astype(np.float32)
    return stretched(values, values)


def _grey(image: Image.Image) -> NDArray[Any]:
    if image.mode in PLAIN:
        values = np.asarray(image)
        if image.mode == "1":
            return values.astype(np.uint8)
        return values.astype(np.uint16) if image.mode != "L" else values
    if image.mode == "LA":
        return np.asarray(image)[..., 0]
    channels = np.asarray(image.convert("RGB")).astype(np.int16)
    if int(np.ptp(channels, axis=2).max()) > GREY_BUT:
        raise Refused("colour")
    return channels[..., 1].astype(np.uint8)

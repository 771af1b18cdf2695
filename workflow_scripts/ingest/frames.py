"""Decode the one frame of a DICOM file to its stored values."""

from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.encaps import get_frame
from pydicom.uid import UID, RLELossless

from workflow_scripts.ingest import codestreams
from workflow_scripts.ingest.header import Header
from workflow_scripts.ingest.parsing import LARGEST
from workflow_scripts.ingest.reasons import Refused

NATIVE = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"}
BIG_ENDIAN = "1.2.840.10008.1.2.2"
COMPRESSED = {
    "1.2.840.10008.1.2.4.50": "jpeg",
    "1.2.840.10008.1.2.4.51": "jpeg",
    "1.2.840.10008.1.2.4.57": "jpeg_lossless",
    "1.2.840.10008.1.2.4.70": "jpeg_lossless",
    "1.2.840.10008.1.2.4.80": "jpeg_ls",
    "1.2.840.10008.1.2.4.81": "jpeg_ls",
    "1.2.840.10008.1.2.4.90": "jpeg_2000",
    "1.2.840.10008.1.2.4.91": "jpeg_2000",
    "1.2.840.10008.1.2.4.201": "htj2k",
    "1.2.840.10008.1.2.4.202": "htj2k",
    "1.2.840.10008.1.2.4.203": "htj2k",
}
SYNTAXES = {*NATIVE, BIG_ENDIAN, str(RLELossless), *COMPRESSED}
DECODERS: dict[str, Callable[..., Any]] = {
    "jpeg": imagecodecs.jpeg_decode,
    "jpeg_lossless": imagecodecs.jpeg_decode,
    "jpeg_ls": imagecodecs.jpegls_decode,
    "jpeg_2000": imagecodecs.jpeg2k_decode,
    "htj2k": imagecodecs.htj2k_decode,
}


def check_tags(header: Header) -> None:
    """Refuse a pixel module that is incomplete, impossible or beyond our memory.

    Raises:
        Refused: with the first reason that fits.
    """
    needed = (header.rows, header.columns, header.bits_allocated, header.bits_stored)
    if None in needed or 0 in needed or not header.photometric:
        raise Refused("tags_contradict", "the pixel module is incomplete")
    rows, columns, allocated, stored = (value or 0 for value in needed)
    if (header.samples or 1) != 1:
        raise Refused("tags_contradict", "grey, but several samples for each pixel")
    if rows * columns * max(allocated // 8, 1) > LARGEST:
        raise Refused("too_large", "more than 512 MB of pixels")
    if allocated not in {8, 16}:
        raise Refused("depth_unsupported", f"{allocated} bits for each pixel")
    high = stored - 1 if header.high_bit is None else header.high_bit
    if not stored - 1 <= high < allocated:
        raise Refused("tags_contradict", "bits stored, high bit and bits allocated")


def stored_values(ds: Dataset, header: Header) -> NDArray[np.int32]:
    """Return the stored values of the one frame, shape (rows, columns).

    Raises:
        Refused: if the stream is cut, contradicts the tags, or has no decoder here.
    """
    syntax = header.transfer_syntax
    if syntax in NATIVE or syntax == BIG_ENDIAN:
        words = _native(ds, header)
    elif syntax == RLELossless:
        words = _run_length(ds, header)
    elif syntax in COMPRESSED:
        words = _compressed(ds, header)
        if np.issubdtype(words.dtype, np.signedinteger):
            return words.astype(np.int32)
    else:
        raise Refused("decoder_missing", _name(syntax))
    return _unpacked(words, ds, header)


def _name(syntax: str) -> str:
    known = UID(syntax)
    return known.name if known.name != syntax else "a transfer syntax of no standard"


def _native(ds: Dataset, header: Header) -> NDArray[Any]:
    rows, columns = header.rows or 0, header.columns or 0
    data: bytes = ds.PixelData or b""
    if not data:
        raise Refused("no_pixels")
    size = 2 if header.bits_allocated == 16 else 1
    wanted = rows * columns * size
    if len(data) < wanted:
        raise Refused("truncated", "fewer pixels than rows times columns")
    if len(data) >= 2 * wanted and len(data) > wanted + 512:
        raise Refused("tags_contradict", "more pixels than rows times columns")
    big = header.transfer_syntax == BIG_ENDIAN
    if big and size == 1 and ds["PixelData"].VR == "OW":
        data = np.frombuffer(data, ">u2").astype("<u2").tobytes()
    kind = f"{'>' if big else '<'}u{size}"
    return np.frombuffer(data, kind, rows * columns).reshape(rows, columns)


def _frame(ds: Dataset) -> bytes:
    data: bytes = ds.PixelData or b""
    if not data:
        raise Refused("no_pixels")
    return get_frame(data, 0, number_of_frames=1)


def _run_length(ds: Dataset, header: Header) -> NDArray[Any]:
    rows, columns = header.rows or 0, header.columns or 0
    size = 2 if header.bits_allocated == 16 else 1
    plain = imagecodecs.dicomrle_decode(_frame(ds), dtype=f"<u{size}")
    words = np.frombuffer(plain, f"<u{size}")
    if words.size != rows * columns:
        raise Refused("truncated", "fewer pixels than rows times columns")
    return words.reshape(rows, columns)


def _compressed(ds: Dataset, header: Header) -> NDArray[Any]:
    stream = _frame(ds)
    head = codestreams.describe(stream)
    if head.kind != COMPRESSED[header.transfer_syntax]:
        raise Refused("tags_contradict", "transfer syntax and stream")
    if (head.rows, head.columns) != (header.rows, header.columns):
        raise Refused("tags_contradict", "size in tags and stream")
    if head.samples != 1:
        raise Refused("tags_contradict", "grey, but the stream has colour")
    if head.bits > (header.bits_allocated or 0):
        raise Refused("tags_contradict", "bits in tags and stream")
    if head.kind in {"jpeg_2000", "htj2k"} and head.signed != header.signed:
        raise Refused("tags_contradict", "sign in tags and stream")
    values: NDArray[Any] = np.asarray(DECODERS[head.kind](stream))
    if values.shape != (head.rows, head.columns):
        raise Refused("tags_contradict", "size in stream and picture")
    return values


def _unpacked(words: NDArray[Any], ds: Dataset, header: Header) -> NDArray[np.int32]:
    """Take the stored bits out of each word, with their sign."""
    stored = header.bits_stored or 0
    shift = (stored - 1 if header.high_bit is None else header.high_bit) + 1 - stored
    values = words.astype(np.int32) >> shift
    mask = (1 << stored) - 1
    if not header.signed:
        overlays = [tag for tag in ds.keys() if 0x6000 <= tag.group < 0x6100]  # noqa: SIM118
        if int(values.max()) > mask and not overlays:
            raise Refused("tags_contradict", "values beyond the bits stored")
        return values & mask
    sign = 1 << (stored - 1)
    return ((values & mask) ^ sign) - sign

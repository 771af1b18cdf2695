"""Decode the one frame of a DICOM file to its stored values."""

import sys
from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.uid import UID

from workflow_scripts.ingest import codestreams
from workflow_scripts.ingest.header import Header
from workflow_scripts.ingest.parsing import LARGEST, Parsed
from workflow_scripts.ingest.reasons import Refused

NATIVE = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"}
BIG_ENDIAN = "1.2.840.10008.1.2.2"
RUN_LENGTH = "1.2.840.10008.1.2.5"
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
SYNTAXES = {*NATIVE, BIG_ENDIAN, RUN_LENGTH, *COMPRESSED}
DECODERS: dict[str, Callable[..., Any]] = {
    "jpeg": imagecodecs.jpeg_decode,
    "jpeg_lossless": imagecodecs.jpeg_decode,
    "jpeg_ls": imagecodecs.jpegls_decode,
    "jpeg_2000": imagecodecs.jpeg2k_decode,
    "htj2k": imagecodecs.htj2k_decode,
    "run_length": imagecodecs.dicomrle_decode,
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
        raise Refused("too_large", "more than 128 MB of pixels")
    if allocated not in {8, 16}:
        raise Refused("depth_unsupported", f"{allocated} bits for each pixel")
    high = stored - 1 if header.high_bit is None else header.high_bit
    if not stored - 1 <= high < allocated:
        raise Refused("tags_contradict", "bits stored, high bit and bits allocated")


def stored_values(parsed: Parsed, header: Header) -> NDArray[Any]:
    """Return the stored values of the one frame: uint8, int8, uint16 or int16.

    Raises:
        Refused: if the stream is cut, contradicts the tags, or has no decoder here.
    """
    if not parsed.pixels:
        raise Refused("no_pixels")
    syntax = header.transfer_syntax
    if syntax in NATIVE or syntax == BIG_ENDIAN:
        words = _native(parsed, header)
    elif syntax == RUN_LENGTH:
        words = _run_length(parsed, header)
    elif syntax in COMPRESSED:
        words = _compressed(parsed, header)
        if words.dtype.kind == "i":
            return words
    else:
        raise Refused("decoder_missing", _name(syntax))
    return _unpacked(words, header, overlays=parsed.overlays)


def _name(syntax: str) -> str:
    known = UID(syntax)
    return known.name if known.name != syntax else "a transfer syntax of no standard"


def _native(parsed: Parsed, header: Header) -> NDArray[Any]:
    rows, columns = header.rows or 0, header.columns or 0
    data = parsed.pixels
    size = 2 if header.bits_allocated == 16 else 1
    wanted = rows * columns * size
    if len(data) < wanted:
        raise Refused("truncated", "fewer pixels than rows times columns")
    if len(data) >= 2 * wanted and len(data) > wanted + 512:
        raise Refused("tags_contradict", "more pixels than rows times columns")
    big = header.transfer_syntax == BIG_ENDIAN
    if big and size == 1 and parsed.vr == "OW":
        whole = data[: len(data) // 2 * 2]
        words = np.frombuffer(whole, ">u2").astype("<u2").view("u1")[:wanted]
    else:
        words = np.frombuffer(data, f"{'>' if big else '<'}u{size}", rows * columns)
    return words.reshape(rows, columns).astype(f"=u{size}", copy=False)


def _run_length(parsed: Parsed, header: Header) -> NDArray[Any]:
    rows, columns = header.rows or 0, header.columns or 0
    size = 2 if header.bits_allocated == 16 else 1
    stream = codestreams.frame(parsed.pixels)
    if not codestreams.expands_to(stream, rows * columns, planes=size):
        raise Refused("tags_contradict", "size in tags and stream")
    plain = DECODERS["run_length"](stream, dtype=f"<u{size}")
    words = np.frombuffer(plain, f"<u{size}")
    if words.size != rows * columns:
        raise Refused("truncated", "fewer pixels than rows times columns")
    return words.reshape(rows, columns)


def _compressed(parsed: Parsed, header: Header) -> NDArray[Any]:
    stream = codestreams.frame(parsed.pixels)
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
    values = _decoded(head.kind, stream)
    if values.shape != (head.rows, head.columns) or values.itemsize > 2:
        raise Refused("tags_contradict", "size in stream and picture")
    return values


def _decoded(kind: str, stream: memoryview) -> NDArray[Any]:
    """Return the picture of a stream; imagecodecs drops errors of OpenJPH on the way.

    Raises:
        Refused: if an error was dropped: parts of the picture are then missing.
    """
    dropped: list[object] = []
    usual, sys.unraisablehook = sys.unraisablehook, dropped.append
    try:
        values = np.asarray(DECODERS[kind](stream))
    finally:
        sys.unraisablehook = usual
    if dropped:
        raise Refused("unreadable", "the stream is damaged")
    return values


def _unpacked(words: NDArray[Any], header: Header, *, overlays: bool) -> NDArray[Any]:
    """Take the stored bits out of each word, with their sign."""
    stored = header.bits_stored or 0
    width = 8 * words.itemsize
    shift = (stored - 1 if header.high_bit is None else header.high_bit) + 1 - stored
    if shift:
        words = words >> np.uint8(shift)
    if header.signed:
        if stored >= width:
            return words.view(f"i{words.itemsize}")
        unused = np.uint8(width - stored)
        lifted: NDArray[Any] = (words << unused).view(f"i{words.itemsize}")
        return lifted >> np.int8(unused)
    mask = (1 << stored) - 1
    if int(words.max()) > mask:
        if not overlays:
            raise Refused("tags_contradict", "values beyond the bits stored")
        words = words & words.dtype.type(mask)
    return words

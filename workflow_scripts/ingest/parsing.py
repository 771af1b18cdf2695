"""Turn hostile bytes into a DICOM header and its pixels, in bounds, without a word."""

import io
import logging
import warnings
import zlib
from dataclasses import dataclass, field
from typing import Any

import imagecodecs
import numpy as np
import pydicom
from pydicom import Dataset
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32

from workflow_scripts.ingest.reasons import Refused

LARGEST = 128 * 2**20  # bytes of one decoded picture, or of one inflated file
DEFLATED = b"1.2.840.10008.1.2.1.99"
MAGIC = b"DICM"
PLAIN = b"1.2.840.10008.1.2.1\0\0\0"
META_LARGEST = 4096  # bytes in which a transfer syntax must stand
PATIENT_ID = 0x00100020
PIXELS = {
    0x7FE00008: "FloatPixelData",
    0x7FE00009: "DoubleFloatPixelData",
    0x7FE00010: "PixelData",
}
UNDEFINED = 0xFFFFFFFF
USUAL_RATIO = 4  # of a deflated radiograph at most; of more, zlib takes over


def silence() -> None:
    """Keep pydicom from quoting tags in warnings and logs, for this whole process."""
    warnings.simplefilter("ignore")
    logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE


@dataclass(kw_only=True)
class Parsed:
    """A data set without its pixels, and where these are."""

    ds: Dataset
    kind: str = ""  # keyword of the pixels' tag; "" if there are none
    vr: str = "OW"  # of the pixels
    pixels: memoryview = field(default_factory=lambda: memoryview(b""))
    whole: bool = True  # False if the file ends inside a tag
    overlays: bool = False


class _Watch:
    """Looks on while pydicom reads the top level, and stops it at the pixels."""

    def __init__(self, stream: io.BytesIO, size: int) -> None:
        self.stream = stream
        self.size = size
        self.tags: list[int] = []
        self.last: tuple[int, str | None, int] = (0, None, 0)
        self.stopped = False
        self.end = 0  # where the last tag ends, as it says

    def stops(self, tag: BaseTag, vr: str | None, length: int) -> bool:
        """Tell whether the header ends before `tag`; zeros are a lost tail."""
        self.tags.append(int(tag))
        self.last = (int(tag), vr, length)
        self.end = self.size if length == UNDEFINED else self.stream.tell() + length
        self.stopped = int(tag) in PIXELS or tag.group == 0
        return self.stopped


def parse(data: bytes) -> Parsed:
    """Return the header of a DICOM file, with or without preamble and meta header.

    What follows the pixels is not looked at.

    Raises:
        Refused: if it inflates beyond all bounds, or names two patients.
        Exception: whatever pydicom raises on damaged bytes.
    """
    if data.startswith(MAGIC):
        data = bytes(128) + data
    deflated = DEFLATED in data[:META_LARGEST]
    if deflated:
        data = _inflated(data)
    stream = io.BytesIO(data)
    watch = _Watch(stream, len(data))
    ds: Dataset = read_partial(stream, stop_when=watch.stops, force=True)
    if deflated:
        ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    elif "TransferSyntaxUID" not in ds.file_meta:
        implicit, little = ds.original_encoding
        plain = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
        ds.file_meta.TransferSyntaxUID = plain if little else ExplicitVRBigEndian
    if watch.tags[1:].count(PATIENT_ID) > 1:
        raise Refused("tags_contradict", "two patient ids")
    overlays = any(0x6000 <= tag >> 16 < 0x6100 for tag in watch.tags)
    parsed = Parsed(ds=ds, whole=watch.end == len(data), overlays=overlays)
    if watch.stopped:
        _place(parsed, watch, data)
    return parsed


def _place(parsed: Parsed, watch: _Watch, data: bytes) -> None:
    """Note where the pixels are."""
    tag, vr, length = watch.last
    if tag not in PIXELS:
        parsed.whole = False
        return
    start = watch.stream.tell() + (12 if vr in EXPLICIT_VR_LENGTH_32 else 8)
    end = len(data) if length == UNDEFINED else start + length
    parsed.kind, parsed.vr = PIXELS[tag], vr or "OW"
    parsed.pixels = memoryview(data)[start:end]
    parsed.whole = True


def _inflated(data: bytes) -> bytes:
    """Return a deflated file as a plain one; pydicom would inflate without bounds."""
    if data[128:136] != MAGIC + b"\2\0\0\0":
        raise Refused("unreadable", "deflated, without a group length")
    start = 144 + int.from_bytes(data[140:144], "little")
    packed: Any = memoryview(data)[start:]
    try:  # libdeflate takes half the time of zlib, but must know how much at most
        space: Any = np.empty(min(USUAL_RATIO * len(packed), LARGEST), np.uint8)
        plain = imagecodecs.deflate_decode(packed, raw=True, out=space)
    except imagecodecs.DeflateError:
        plain = _inflated_or_refused(packed)
    return b"".join([data[:start].replace(DEFLATED, PLAIN), plain])


def _inflated_or_refused(packed: memoryview) -> bytes:
    inflater: Any = zlib.decompressobj(-zlib.MAX_WBITS)
    plain: bytes = inflater.decompress(packed, LARGEST)
    if inflater.unconsumed_tail:
        raise Refused("too_large", "inflates to more than 128 MB")
    if not inflater.eof:
        raise Refused("truncated", "the deflated part ends too early")
    return plain

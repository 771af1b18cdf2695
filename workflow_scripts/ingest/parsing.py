"""Turn hostile bytes into a DICOM data set, within bounds and without a word."""

import io
import logging
import warnings
import zlib

import pydicom
from pydicom import Dataset
from pydicom.filereader import data_element_generator
from pydicom.tag import Tag
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from workflow_scripts.ingest.reasons import Refused

LARGEST = 512 * 2**20  # bytes of one decoded picture, or of one inflated file
SEQUENCE_END = b"\xfe\xff\xdd\xe0\0\0\0\0"
DEFLATED = b"1.2.840.10008.1.2.1.99"
META_LARGEST = 4096  # bytes in which a transfer syntax must stand
PATIENT_ID = b"\x10\0\x20\0"


def silence() -> None:
    """Keep pydicom from quoting tags in warnings and logs, for this whole process."""
    warnings.simplefilter("ignore")
    logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE


def parse(data: bytes) -> Dataset:
    """Return the data set of a DICOM file, with or without preamble and meta header.

    Raises:
        Refused: if it inflates beyond all bounds, or names two patients.
        Exception: whatever pydicom raises on damaged bytes.
    """
    ds = _parse(data)
    if data.count(PATIENT_ID) > 1:
        _check_single(ds, data)
    if not _has_pixels(ds) and not data.endswith(SEQUENCE_END):
        mended = _parse(data + SEQUENCE_END)  # the last delimiter is missing
        return mended if _has_pixels(mended) else ds
    return ds


def _parse(data: bytes) -> Dataset:
    _check_inflated(data)
    ds = pydicom.dcmread(io.BytesIO(data), force=True)
    if "TransferSyntaxUID" not in ds.file_meta:
        implicit, little = ds.original_encoding
        plain = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
        ds.file_meta.TransferSyntaxUID = plain if little else ExplicitVRBigEndian
    return ds


def _check_inflated(data: bytes) -> None:
    """Inflate a deflated file within bounds, which pydicom would do without any."""
    if DEFLATED not in data[:META_LARGEST]:
        return
    if (start := _start(data)) is None:
        raise Refused("unreadable", "deflated, without a group length")
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inflater.decompress(data[start:], LARGEST)
    if inflater.unconsumed_tail:
        raise Refused("too_large", "inflates to more than 512 MB")


def _has_pixels(ds: Dataset) -> bool:
    return any(name in ds for name in ("PixelData", "FloatPixelData"))


def _check_single(ds: Dataset, data: bytes) -> None:
    """Refuse a header with two patient ids, of which pydicom would give the last."""
    if (start := _start(data)) is None:
        return
    implicit, little = ds.original_encoding
    elements = data_element_generator(
        io.BytesIO(data[start:]), bool(implicit), bool(little)
    )
    if [element.tag for element in elements].count(Tag("PatientID")) > 1:
        raise Refused("tags_contradict", "two patient ids")


def _start(data: bytes) -> int | None:
    """Return where the data set begins, behind preamble and meta header."""
    if data[128:136] != b"DICM\2\0\0\0":
        return None
    return 144 + int.from_bytes(data[140:144], "little")

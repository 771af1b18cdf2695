"""Open one file of a dataset safely, and tell from its bytes what it is."""

import hashlib
import os
import stat
from dataclasses import dataclass
from typing import BinaryIO

from workflow_scripts.ingest.reasons import Refused

LARGEST_FILE = 2**30  # bytes
LARGEST_READ = 160 * 2**20  # bytes; of larger files only the beginning is looked at
PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
PACKED = (
    b"\x1f\x8b",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"7z\xbc\xaf",
    b"Rar!",
    b"BZh",
    b"\xfd7zXZ",
)
OTHER_FORMATS = (b"II*\0", b"MM\0*", b"BM", b"GIF8", b"\0\0\0\x0cjP  ", b"RIFF")


@dataclass(frozen=True, kw_only=True)
class Content:
    """What is in a file."""

    data: bytes
    sha256: str  # of all bytes
    whole: bool  # False if there are more bytes than `data`


def content(path: bytes) -> Content:
    """Return the bytes of a regular file; a pipe or link is not even opened.

    Raises:
        Refused: if it is no regular file, empty, or very large.
        OSError: if it cannot be read.
    """
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        raise Refused("link")
    if not stat.S_ISREG(mode):
        raise Refused("not_a_file")
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb", buffering=0) as file:
        size = os.fstat(handle).st_size
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Refused("not_a_file")
        if size == 0:
            raise Refused("empty")
        if size > LARGEST_FILE:
            raise Refused("too_large", "a file of more than 1 GB")
        return _read(file, size)


def _read(file: BinaryIO, size: int) -> Content:
    if size <= LARGEST_READ:
        data = file.read()
        digest = hashlib.sha256(data)
    else:
        data = file.read(LARGEST_READ)
        digest = hashlib.sha256(data)
        while more := file.read(2**20):
            digest.update(more)
    return Content(data=data, sha256=digest.hexdigest(), whole=size <= LARGEST_READ)


def check_dicom(data: bytes) -> None:
    """Refuse what is no DICOM, by its content; names are not looked at.

    Raises:
        Refused: with what it is instead.
    """
    if data[128:132] == b"DICM" or data.startswith((b"DICM", b"\2\0\0\0")):
        return
    if data[:2] == b"\x08\0" and data[3:4] == b"\0":  # no preamble, no meta header
        return
    if data[:3] == b"\0\x08\0" and data[4:6].isalpha():  # the same in big endian
        return
    if data.startswith(PACKED) or data[257:262] == b"ustar":
        raise Refused("packed")
    if data.startswith(OTHER_FORMATS):
        raise Refused("other_format")
    raise Refused("not_an_image")

"""Read one file, whatever it is, into a row of ours and a picture."""

import hashlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.ingest import (
    displayed,
    frames,
    header,
    parsing,
    person,
    picture,
    raster,
    scope,
)
from workflow_scripts.ingest.pseudonym import Pseudonyms
from workflow_scripts.ingest.reasons import Refused

LARGEST_FILE = 2**30  # bytes
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


@dataclass(kw_only=True)
class Reading:
    """What became of one file; `row` holds columns of DECODED as far as known."""

    code: str = "ok"
    detail: str = ""
    row: dict[str, Any] = field(default_factory=dict)
    picture: NDArray[np.uint8] | None = None
    orientation: tuple[str, ...] = ()  # of the file; the picture is upright


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads files of one dataset."""

    root: Path
    pseudonyms: Pseudonyms
    long_side_px: int
    views: str

    def read(self, path: str) -> Reading:
        """Read the file at `path`, percent-encoded, below the root.

        Nothing escapes: an exception of any kind becomes a reason.
        """
        reading = Reading(row={"patient": "missing"})
        try:
            data = _content(os.fsencode(self.root) + b"/" + unquote_to_bytes(path))
            reading.row["sha256"] = hashlib.sha256(data).hexdigest()
            if data.startswith((PNG, JPEG)):
                self._raster(data, path, reading)
            else:
                _check_kind(data)
                self._dicom(data, reading)
        except Refused as refused:
            reading.code, reading.detail = refused.code, refused.detail
        except MemoryError:
            reading.code = "too_large"
        except Exception as error:
            reading.code, reading.detail = "unreadable", type(error).__name__
        if reading.code != "ok":
            reading.picture = None
        return reading

    def _raster(self, data: bytes, path: str, reading: Reading) -> None:
        found = raster.read(data)
        rows, columns = found.values.shape
        name = f"{path}\n{reading.row['sha256']}"
        reading.row |= {
            "image_id": self.pseudonyms.of("image", name),
            "rows": rows,
            "columns": columns,
            "photometric": "raster",
            "bits_stored": found.bits,
            "transfer_syntax": found.suffix,
        }
        picture.check_shape(rows, columns)
        reading.row["pixels_sha256"] = picture.digest(found.values)
        self._keep(raster.shown(found), reading)

    def _dicom(self, data: bytes, reading: Reading) -> None:
        ds = parsing.parse(data)
        known = header.read(ds)
        kinds = [name for name in ("PixelData", "FloatPixelData") if name in ds]
        scope.check_object(known, pixels=kinds[0] if kinds else "")
        reading.row |= self._facts(known)
        scope.check_view(reading.row["view_position"], self.views)
        scope.check_trust(known)
        frames.check_tags(known)
        picture.check_shape(known.rows or 0, known.columns or 0)
        displayed.inverted(known)
        stored = frames.stored_values(ds, known)
        reading.row["pixels_sha256"] = picture.digest(stored)
        reading.orientation = known.orientation
        self._keep(displayed.displayed(stored, ds, known), reading)

    def _keep(self, shown: NDArray[Any], reading: Reading) -> None:
        reading.picture = picture.reduced(shown, self.long_side_px)
        picture.check_content(reading.picture)

    def _facts(self, known: header.Header) -> dict[str, Any]:
        """Return what the header tells, pseudonymised."""
        hashed = self.pseudonyms.of
        patient = "given" if known.patient else "missing"
        if known.patient and person.placeholder(known.patient):
            patient = "placeholder"
        return {
            "patient": patient,
            "patient_id": hashed("patient", known.patient, issuer=known.issuer)
            if patient == "given"
            else None,
            "image_id": hashed("image", known.sop_uid),
            "study_id": hashed("study", known.study_uid) if known.study_uid else None,
            "view_position": scope.view(known),
            "sex": person.sex(known.sex),
            "age_years": person.years(known.age),
            "rows": known.rows,
            "columns": known.columns,
            "photometric": scope.word(known.photometric, scope.GREY),
            "bits_stored": known.bits_stored,
            "pixel_spacing_mm": known.spacing_mm,
            "transfer_syntax": scope.word(known.transfer_syntax, frames.SYNTAXES),
        }


def _content(path: bytes) -> bytes:
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
    with os.fdopen(handle, "rb") as file:
        size = os.fstat(handle).st_size
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Refused("not_a_file")
        if size == 0:
            raise Refused("empty")
        if size > LARGEST_FILE:
            raise Refused("too_large", "a file of more than 1 GB")
        return file.read()


def _check_kind(data: bytes) -> None:
    """Refuse what is no DICOM, by its content; names are not looked at.

    Raises:
        Refused: with what it is instead.
    """
    if data[128:132] == b"DICM" or data[:4] in {b"\x02\0\0\0", b"\x08\0\0\0"}:
        return
    if data[:2] == b"\x08\0" and data[3:4] == b"\0":  # no preamble, no group length
        return
    if data.startswith(PACKED) or data[257:262] == b"ustar":
        raise Refused("packed")
    if data.startswith(OTHER_FORMATS):
        raise Refused("other_format")
    raise Refused("not_an_image")

"""Read one file, whatever it is, into a row of ours and a picture."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from workflow_scripts.ingest import (
    checks,
    displayed,
    frames,
    header,
    opening,
    parsing,
    person,
    picture,
    raster,
    raw_pictures,
    scope,
)
from workflow_scripts.ingest.fingerprint import fingerprint
from workflow_scripts.ingest.pseudonym import Pseudonyms
from workflow_scripts.ingest.reasons import Refused

OUT_OF_MEMORY = -4  # OpenCV's code


@dataclass(kw_only=True)
class Reading:
    """What became of one file; `row` holds columns of DECODED as far as known."""

    code: str = "ok"
    detail: str = ""
    row: dict[str, Any] = field(default_factory=lambda: {"patient": "missing"})
    picture: NDArray[np.uint8] | None = None
    orientation: tuple[str, ...] = ()  # of the file; the picture is upright


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads files of one dataset."""

    root: Path
    pseudonyms: Pseudonyms
    long_side_px: int
    exclude: frozenset[str]  # codes of the rules on views, ages, ... switched on
    checks: tuple[str, ...]  # names of the checks that each picture must pass
    raw: dict[str, Any] | None  # the format of files without a header, if any

    def read(self, path: str) -> Reading:
        """Read the file at `path`, percent-encoded, below the root.

        Nothing escapes: an exception of any kind becomes a reason.
        """
        reading = Reading()
        try:
            self._read(path, reading)
        except Refused as refused:
            reading.code, reading.detail = refused.code, refused.detail
        except MemoryError:
            reading.code = "too_large"
        except Exception as error:
            reading.code, reading.detail = "unreadable", type(error).__name__
            if isinstance(error, cv2.error) and error.code == OUT_OF_MEMORY:
                reading.code = "too_large"
        if reading.code != "ok":
            reading.picture = None
        return reading

    def _read(self, path: str, reading: Reading) -> None:
        place = os.fsencode(self.root) + b"/" + unquote_to_bytes(path)
        try:
            content = opening.content(place)
        except OSError as error:
            raise Refused("cannot_open", type(error).__name__) from None
        reading.row["sha256"] = content.sha256
        raw = self.raw if raw_pictures.is_raw(path, self.raw) else None
        if raw or content.data.startswith((opening.PNG, opening.JPEG)):
            _check_whole(content)
            found = (
                raw_pictures.read(content.data, raw)
                if raw
                else raster.read(content.data)
            )
            self._raster(found, f"{path}\n{content.sha256}", reading)
        else:
            opening.check_dicom(content.data)
            self._dicom(content, reading)

    def _raster(self, found: raster.Raster, name: str, reading: Reading) -> None:
        rows, columns = found.values.shape
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
        self._keep(picture.reduced(raster.shown(found), self.long_side_px), reading)

    def _dicom(self, content: opening.Content, reading: Reading) -> None:
        parsed = parsing.parse(content.data)
        known = header.read(parsed.ds)
        if not parsed.whole:
            raise Refused("truncated", "the file ends in its header")
        scope.check_object(known, pixels=parsed.kind, exclude=self.exclude)
        reading.row |= self._facts(known)
        row = reading.row
        scope.check_person(row["view_position"], row["age_years"], self.exclude)
        scope.check_trust(known)
        frames.check_tags(known)
        picture.check_shape(known.rows or 0, known.columns or 0)
        _check_whole(content)
        displayed.inverted(known)
        stored = frames.stored_values(parsed, known)
        row["pixels_sha256"] = picture.digest(stored)
        reading.orientation = known.orientation
        self._keep(self._small(stored, parsed.ds, known), reading)

    def _small(
        self, stored: NDArray[Any], ds: Dataset, known: header.Header
    ) -> NDArray[np.uint8]:
        """Return the reduced picture, the quick way where that changes nothing."""
        if line := displayed.straight(stored, ds, known):
            means = picture.shrunk(stored, self.long_side_px)
            slope, shift = line
            small = cv2.convertScaleAbs(means, alpha=255 * slope, beta=255 * shift)
            if not displayed.dull(small):
                return small.astype(np.uint8, copy=False)
        shown = displayed.displayed(stored, ds, known)
        return picture.reduced(shown, self.long_side_px)

    def _keep(self, small: NDArray[np.uint8], reading: Reading) -> None:
        kept = displayed.upright(small, reading.orientation)
        for name in self.checks:
            if detail := checks.load(name)(kept):
                raise Refused(name, detail)
        reading.row["fingerprint"] = fingerprint(kept)
        reading.picture = kept

    def _facts(self, known: header.Header) -> dict[str, Any]:
        """Return what the header tells, pseudonymised."""
        hashed = self.pseudonyms.of
        who = "given" if known.patient else "missing"
        if known.patient and person.placeholder(known.patient):
            who = "placeholder"
        given = known.patient if who == "given" else None
        return {
            "patient": who,
            "patient_id": given and hashed("patient", given, issuer=known.issuer),
            "patient_number": given and hashed("patient_number", given),
            "has_issuer": bool(known.issuer),
            "image_id": hashed("image", known.sop_uid),
            "study_id": hashed("study", known.study_uid) if known.study_uid else None,
            "view_position": scope.view(known),
            "orientation": scope.directions(known.orientation),
            "sex": person.sex(known.sex),
            "age_years": person.years(known.age),
            "rows": known.rows,
            "columns": known.columns,
            "photometric": scope.word(known.photometric, scope.GREY),
            "bits_stored": known.bits_stored,
            "pixel_spacing_mm": known.spacing_mm,
            "transfer_syntax": scope.word(known.transfer_syntax, frames.SYNTAXES),
        }


def _check_whole(content: opening.Content) -> None:
    if not content.whole:
        raise Refused("too_large", "a file of more than 160 MB")

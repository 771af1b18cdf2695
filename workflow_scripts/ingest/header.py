"""Read a DICOM header into plain, typed facts."""

import math
from dataclasses import dataclass

import pydicom
from pydicom import Dataset

from workflow_scripts.ingest.pseudonym import PADDING
from workflow_scripts.ingest.reasons import Refused

COARSEST_MM = 100.0


@dataclass(frozen=True, kw_only=True)
class Header:
    """What we use of one header. Texts are trimmed; "" and None where missing."""

    sop_class: str
    sop_uid: str
    study_uid: str
    patient: str
    issuer: str
    sex: str
    age: str
    modality: str
    body_part: str
    view: str
    description: str
    intent: str
    burned_in: str
    orientation: tuple[str, ...]
    photometric: str
    shape: str  # of the presentation LUT
    rows: int | None
    columns: int | None
    samples: int | None
    frames: int
    bits_allocated: int | None
    bits_stored: int | None
    high_bit: int | None
    signed: bool
    spacing_mm: float  # NaN where missing
    transfer_syntax: str


def read(ds: Dataset) -> Header:
    """Return the facts of a data set, or raise `Refused` for a number that is none."""
    return Header(
        sop_class=text(ds, "SOPClassUID")
        or text(ds.file_meta, "MediaStorageSOPClassUID"),
        sop_uid=text(ds, "SOPInstanceUID"),
        study_uid=text(ds, "StudyInstanceUID"),
        patient=text(ds, "PatientID"),
        issuer=text(ds, "IssuerOfPatientID"),
        sex=text(ds, "PatientSex"),
        age=text(ds, "PatientAge"),
        modality=text(ds, "Modality").upper(),
        body_part=text(ds, "BodyPartExamined").upper(),
        view=text(ds, "ViewPosition").upper(),
        description=text(ds, "SeriesDescription"),
        intent=text(ds, "PresentationIntentType").upper(),
        burned_in=text(ds, "BurnedInAnnotation").upper(),
        orientation=tuple(text(ds, "PatientOrientation").upper().split("\\")),
        photometric=text(ds, "PhotometricInterpretation").upper(),
        shape=text(ds, "PresentationLUTShape").upper(),
        rows=whole(ds, "Rows"),
        columns=whole(ds, "Columns"),
        samples=whole(ds, "SamplesPerPixel"),
        frames=int(text(ds, "NumberOfFrames") or 1),
        bits_allocated=whole(ds, "BitsAllocated"),
        bits_stored=whole(ds, "BitsStored"),
        high_bit=whole(ds, "HighBit"),
        signed=whole(ds, "PixelRepresentation") == 1,
        spacing_mm=_spacing(ds),
        transfer_syntax=str(ds.file_meta.TransferSyntaxUID).strip(PADDING),
    )


def text(ds: Dataset, keyword: str) -> str:
    """Return a tag's value as trimmed text, several joined as DICOM does, or ""."""
    value = ds.get(keyword)
    if value is None:
        return ""
    several = value if isinstance(value, pydicom.multival.MultiValue) else [value]
    return "\\".join(str(one).strip(PADDING) for one in several)


def whole(ds: Dataset, keyword: str) -> int | None:
    """Return a tag's value if it is one number of 16 bits (VR US), None if missing."""
    value = ds.get(keyword)
    if value is not None and not (type(value) is int and 0 <= value < 2**16):
        raise Refused("tags_contradict", f"{keyword} is not one whole number")
    return value


def _spacing(ds: Dataset) -> float:
    """Return millimetres between rows in the patient, else at the detector, or NaN.

    A number that no spacing can be is not passed on: it may be a date, or an id.
    """
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        try:
            spacing = float(text(ds, keyword).split("\\")[0])
        except ValueError:
            continue
        if 0 < spacing < COARSEST_MM:
            return spacing
    return math.nan

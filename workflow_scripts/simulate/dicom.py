"""Write a phantom's picture as a DICOM Part 10 file, as a scanner would.

Every name and number is made up and says so. UIDs are of the form 2.25.<UUID as a
number> (PS3.5 annex B.2), hashed from who, when and which, so that they never change.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID

from workflow_scripts.simulate.codestreams import pixel_data
from workflow_scripts.simulate.people import Person
from workflow_scripts.simulate.scanner import Exposure, stored
from workflow_scripts.simulate.sites import EXPLICIT, IMPLICIT, Site
from workflow_scripts.simulate.studies import Pose, Study

BEGIN = date(2015, 1, 1)
IMPLEMENTATION = "2.25.270918412204930291370446281163530137"


@dataclass(frozen=True, kw_only=True)
class Storage:
    """How one picture is kept."""

    bits: int
    monochrome1: bool
    syntax: str
    slope: float
    intercept: float


def draw_storage(rng: np.random.Generator, site: Site) -> Storage:
    """Draw how a site keeps one picture."""
    rescaled = bool(rng.random() < site.rescaled)
    return Storage(
        bits=int(rng.choice(site.bits)),
        monochrome1=bool(rng.random() < site.monochrome1),
        syntax=str(rng.choice(site.syntaxes)),
        slope=0.5 if rescaled else 1.0,
        intercept=-100.0 if rescaled else 0.0,
    )


def uid(*parts: object) -> str:
    """Return the UID that belongs to `parts`, always the same."""
    text = "/".join(map(str, ("fewray", *parts)))
    digest = bytearray(hashlib.sha256(text.encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80  # UUID version 8: made as one likes
    digest[8] = digest[8] & 0x3F | 0x80
    return f"2.25.{int.from_bytes(digest, 'big')}"


def template(site: Site) -> Dataset:
    """Return what all files of a site have in common."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID = site.sop_class
    ds.Modality = site.modality
    ds.Manufacturer = site.manufacturer
    ds.ManufacturerModelName = site.model
    ds.StudyTime = "120000"
    ds.AccessionNumber = ""
    ds.ReferringPhysicianName = ""
    ds.PatientBirthDate = ""
    ds.StudyDescription = "Chest phantom, not a patient"
    ds.SeriesNumber = 1
    ds.BodyPartExamined = "CHEST"
    ds.BurnedInAnnotation = "NO"
    ds.LossyImageCompression = "00"
    ds.SamplesPerPixel = 1
    ds.BitsAllocated = 16
    ds.PixelRepresentation = 0
    if site.modality == "DX":
        ds.PresentationIntentType = "FOR PRESENTATION"
        ds.PixelIntensityRelationship = "LOG"
        ds.ImageLaterality = "U"
    return ds


def describe(
    ds: Dataset, person: Person, study: Study, site: Site, identity: tuple[object, ...]
) -> None:
    """Write who was examined when into `ds`.

    Args:
        ds: changed.
        person: whose picture.
        study: which of the cohort's.
        site: gives the prefix of patient numbers.
        identity: what tells this study from every other.
    """
    patient = f"{site.prefix}{person.number:06d}"
    when = (BEGIN + timedelta(days=study.days)).strftime("%Y%m%d")
    ds.PatientName = f"PHANTOM^{site.prefix}{person.number}"
    ds.PatientID = patient
    ds.PatientSex = person.sex
    ds.PatientAge = f"{person.age_years:03d}Y"
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = when
    ds.StudyID = str(study.number)
    ds.StudyInstanceUID = uid(*identity)
    ds.SeriesInstanceUID = uid(*identity, "series")


def place(ds: Dataset, pose: Pose, pitch_mm: float, number: int) -> None:
    """Write how image `number` of the study was taken into `ds`."""
    lateral = pose.view == "LL"
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.ViewPosition = pose.view
    ds.PatientOrientation = ["P", "F"] if lateral else ["L", "F"]
    ds.InstanceNumber = number
    ds.SOPInstanceUID = uid(ds.StudyInstanceUID, number)
    ds.ImagerPixelSpacing = [f"{pitch_mm:.6g}"] * 2
    ds.PixelSpacing = [f"{pitch_mm:.6g}"] * 2


def write(ds: Dataset, exposure: Exposure, storage: Storage, path: Path) -> None:
    """Write `exposure` to `path`, with the tags that `ds` has."""
    frame = stored(exposure.picture, storage.bits, monochrome1=storage.monochrome1)
    ds.Rows, ds.Columns = frame.shape
    ds.BitsStored, ds.HighBit = storage.bits, storage.bits - 1
    ds.PhotometricInterpretation = f"MONOCHROME{1 if storage.monochrome1 else 2}"
    ds.RescaleSlope, ds.RescaleIntercept = storage.slope, storage.intercept
    ds.RescaleType = "US"
    ds.WindowCenter, ds.WindowWidth = window(exposure, storage)
    if ds.Modality == "DX":
        ds.PixelIntensityRelationshipSign = -1 if not storage.monochrome1 else 1
        ds.PresentationLUTShape = "INVERSE" if storage.monochrome1 else "IDENTITY"
    ds.PixelData = pixel_data(frame, storage.bits, storage.syntax)
    ds["PixelData"].VR = "OW"
    ds["PixelData"].is_undefined_length = storage.syntax not in {EXPLICIT, IMPLICIT}
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(storage.syntax)
    meta.ImplementationClassUID = UID(IMPLEMENTATION)
    meta.ImplementationVersionName = "FEWRAY"
    meta.MediaStorageSOPClassUID = ds.SOPClassUID
    meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta = meta
    ds.preamble = b"\0" * 128
    dcmwrite(path, ds, enforce_file_format=True)


def window(exposure: Exposure, storage: Storage) -> tuple[float, float]:
    """Return Window Centre and Width, in rescaled units.

    The linear function is symmetric about centre - 0.5 (PS3.3 C.11.2.1.2), so in the
    inverted polarity the centre moves by one unit more than the values do.
    """
    most = 2**storage.bits - 1
    centre = round((0.02 + 0.96 * exposure.centre) * most)
    if storage.monochrome1:
        centre = most - centre
    half = 1 if storage.monochrome1 else 0
    width = max(round(0.96 * exposure.width * most * storage.slope), 2)
    return centre * storage.slope + storage.intercept + half, float(width)

"""Made-up chest pictures and the files that hold them; nobody is behind them."""

import io
from pathlib import Path

import imagecodecs
import numpy as np
from PIL import Image
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    RLELossless,
    generate_uid,
)

SHAPE = (60, 48)


def chest(seed=0, *, bits=12, shape=SHAPE):
    """Return bright sides, two dark lungs and some grain; uint16 below 2**bits."""
    rows, columns = shape
    y, x = np.mgrid[:rows, :columns]
    y, x = y / rows, x / columns
    picture = 0.25 + 0.5 * np.exp(-(((x - 0.5) / 0.42) ** 4))
    for centre, size in ((0.3, 0.13), (0.7, 0.15)):
        lung = np.exp(-(((x - centre) / size) ** 2) - ((y - 0.45) / 0.28) ** 2)
        picture -= 0.4 * lung
    picture += 0.02 * y + np.random.default_rng(seed).normal(0, 0.01, shape)
    scaled = (picture - picture.min()) / np.ptp(picture)
    return np.rint(scaled * (2**bits - 1)).astype(np.uint16)


def dataset(stored=None, *, bits=12, **tags):
    """Return a plain DX image; `tags` replace or (None) delete ours."""
    stored = chest() if stored is None else stored
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID = DigitalXRayImageStorageForPresentation
    ds.SOPInstanceUID = meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.StudyInstanceUID = generate_uid()
    ds.PatientID, ds.PatientSex, ds.PatientAge = "P0042", "F", "045Y"
    ds.Modality, ds.BodyPartExamined, ds.ViewPosition = "DX", "CHEST", "PA"
    ds.PresentationIntentType = "FOR PRESENTATION"
    ds.PatientOrientation = ["L", "F"]
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.SamplesPerPixel = 1
    ds.Rows, ds.Columns = stored.shape
    ds.BitsAllocated = stored.dtype.itemsize * 8
    ds.BitsStored, ds.HighBit = bits, bits - 1
    ds.PixelRepresentation = int(stored.dtype.kind == "i")
    ds.PixelData = stored.astype(stored.dtype.newbyteorder("<")).tobytes()
    ds["PixelData"].VR = "OW"
    return _retag(ds, tags)


def _retag(ds: Dataset, tags):
    for name, value in tags.items():
        if value is None:
            del ds[name]
        else:
            setattr(ds, name, value)
    return ds


def compressed(stored, syntax, *, bits=12, **tags):
    """Return the image with its pixels coded in the transfer syntax `syntax`."""
    ds = dataset(stored, bits=bits, **tags)
    if syntax == RLELossless:
        ds.compress(RLELossless, generate_instance_uid=False)
        return ds
    ds.file_meta.TransferSyntaxUID = UID(syntax)
    ds.PixelData = encapsulate([CODERS[syntax](stored, bits)])
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    return ds


def _jpeg(stored, bits):
    return imagecodecs.jpeg8_encode(stored, level=98, bitspersample=bits)


def _lossless(stored, bits):
    return imagecodecs.ljpeg_encode(stored, bitspersample=bits)


def _jpeg_ls(stored, bits):
    return imagecodecs.jpegls_encode(stored)


def _jpeg_2000(stored, bits):
    return imagecodecs.jpeg2k_encode(
        stored, codecformat="j2k", bitspersample=bits, level=0, reversible=True
    )


def _htj2k(stored, bits):
    return imagecodecs.htj2k_encode(stored)


CODERS = {
    "1.2.840.10008.1.2.4.50": _jpeg,
    "1.2.840.10008.1.2.4.51": _jpeg,
    "1.2.840.10008.1.2.4.57": _lossless,
    "1.2.840.10008.1.2.4.70": _lossless,
    "1.2.840.10008.1.2.4.80": _jpeg_ls,
    "1.2.840.10008.1.2.4.90": _jpeg_2000,
    "1.2.840.10008.1.2.4.91": _jpeg_2000,
    "1.2.840.10008.1.2.4.201": _htj2k,
}


def dicom_bytes(ds):
    """Return the bytes of the file in its own transfer syntax."""
    stream = io.BytesIO()
    how = {"enforce_file_format": True}
    if ds.file_meta.TransferSyntaxUID == ExplicitVRBigEndian:
        how = {"little_endian": False, "implicit_vr": False, "force_encoding": True}
    dcmwrite(stream, ds, **how)
    return stream.getvalue()


def png_bytes(picture, suffix="png", **options):
    stream = io.BytesIO()
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(stream, suffix, **options)
    return stream.getvalue()


def write(path: Path, content) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else dicom_bytes(content))
    return path

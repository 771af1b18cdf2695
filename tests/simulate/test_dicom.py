"""Files: every transfer syntax and both polarities hold the same picture."""

import dataclasses

import numpy as np
import pydicom
import pytest
from imagecodecs import jpeg2k_decode, jpegls_decode
from pydicom.encaps import generate_frames
from pydicom.pixels import apply_voi_lut

from workflow_scripts.simulate import dicom, sites
from workflow_scripts.simulate.people import draw_person
from workflow_scripts.simulate.scanner import Exposure, stored
from workflow_scripts.simulate.studies import draw_studies

SYNTAXES = [sites.EXPLICIT, sites.IMPLICIT, sites.RLE, sites.JPEG_2000, sites.JPEG_LS]
STORAGE = dicom.Storage(
    bits=12, monochrome1=False, syntax=sites.EXPLICIT, slope=1.0, intercept=0.0
)


@pytest.fixture
def exposure():
    rng = np.random.default_rng(0)
    smooth = np.linspace(0, 1, 61 * 47, dtype=np.float32).reshape(61, 47)
    noisy = np.clip(smooth + 0.05 * rng.standard_normal(smooth.shape), 0, 1)
    noisy[:5] = 0
    return Exposure(picture=noisy.astype(np.float32), centre=0.47, width=0.81)


def written(exposure, path, site=sites.NORTH, **changes):
    storage = dataclasses.replace(STORAGE, **changes)
    rng = np.random.default_rng(1)
    person = draw_person(rng, 3)
    study = draw_studies(rng, person, site)[0]
    ds = dicom.template(site)
    dicom.describe(ds, person, study, site, (1, 2, 3))
    dicom.place(ds, study.poses[0], 0.15, 1)
    dicom.write(ds, exposure, storage, path)
    return pydicom.dcmread(path)


@pytest.mark.parametrize("bits", [10, 12, 14])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_transfer_syntax_decodes_to_the_encoded_values(
    exposure, tmp_path, syntax, bits
):
    ds = written(exposure, tmp_path / "a.dcm", syntax=syntax, bits=bits)
    assert ds.file_meta.TransferSyntaxUID == syntax
    expected = stored(exposure.picture, bits, monochrome1=False)
    assert np.array_equal(ds.pixel_array, expected)
    assert (ds.BitsAllocated, ds.BitsStored, ds.HighBit) == (16, bits, bits - 1)


@pytest.mark.parametrize(
    ("syntax", "decode"),
    [(sites.JPEG_2000, jpeg2k_decode), (sites.JPEG_LS, jpegls_decode)],
)
def test_another_decoder_reads_the_same_values(exposure, tmp_path, syntax, decode):
    ds = written(exposure, tmp_path / "a.dcm", syntax=syntax, bits=10)
    (frame,) = generate_frames(ds.PixelData, number_of_frames=1)
    assert np.array_equal(decode(frame), ds.pixel_array)


@pytest.mark.parametrize(
    ("syntax", "marker", "offset", "expected"),
    [(sites.JPEG_2000, b"\xff\x51", 40, 11), (sites.JPEG_LS, b"\xff\xf7", 4, 12)],
)
def test_a_stream_declares_the_bits_that_the_file_declares(
    exposure, tmp_path, syntax, marker, offset, expected
):
    # Ssiz is one less than the bits, its top bit 0 for unsigned (ISO 15444-1 A.5.1).
    ds = written(exposure, tmp_path / "a.dcm", syntax=syntax, bits=12)
    (frame,) = generate_frames(ds.PixelData, number_of_frames=1)
    assert frame[frame.index(marker) + offset] == expected


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.5, -100.0)])
def test_both_polarities_show_the_same_picture(exposure, tmp_path, slope, intercept):
    pictures = {}
    for monochrome1 in (False, True):
        ds = written(
            exposure,
            tmp_path / "a.dcm",
            monochrome1=monochrome1,
            slope=slope,
            intercept=intercept,
        )
        values = ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept)
        level = apply_voi_lut(values, ds)
        level = (level - level.min()) / (level.max() - level.min())
        pictures[monochrome1] = 1 - level if monochrome1 else level
        assert ds.PhotometricInterpretation == f"MONOCHROME{2 - monochrome1}"
    assert np.allclose(pictures[False], pictures[True], atol=1e-6)
    shown = np.clip((exposure.picture - exposure.centre) / exposure.width + 0.5, 0, 1)
    assert np.corrcoef(pictures[False].ravel(), shown.ravel())[0, 1] > 0.999


def test_a_phantom_says_that_it_is_one(exposure, tmp_path):
    ds = written(exposure, tmp_path / "a.dcm", site=sites.SOUTH)
    assert str(ds.PatientName).startswith("PHANTOM")
    assert ds.BurnedInAnnotation == "NO"
    assert ds.PresentationIntentType == "FOR PRESENTATION"
    assert ds.PatientBirthDate == ""


def test_uids_are_stable_and_distinct():
    assert dicom.uid(1, "N", 2) == dicom.uid(1, "N", 2)
    assert len({dicom.uid(a, b) for a in range(20) for b in range(20)}) == 400

"""Pixels: whatever the tags, the picture is the one that a radiologist sees."""

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)

from tests.ingest.synthetic import CODERS, chest, compressed, dataset, dicom_bytes
from workflow_scripts.ingest import codestreams, frames, header, parsing, scope
from workflow_scripts.ingest.displayed import displayed, upright, windowed
from workflow_scripts.ingest.reasons import Refused

TRUTH = chest() / 4095


def show(ds):
    ds = parsing.parse(dicom_bytes(ds))
    known = header.read(ds)
    frames.check_tags(known)
    return displayed(frames.stored_values(ds, known), ds, known)


def refusal(ds):
    with pytest.raises(Refused) as refused:
        show(ds)
    return refused.value.code


def alike(picture, truth=TRUTH):
    assert picture.shape == truth.shape
    assert picture.min() >= 0
    assert picture.max() <= 1
    return np.corrcoef(picture.ravel(), truth.ravel())[0, 1]


@pytest.mark.parametrize("window", [None, (2000, 3000)])
def test_both_polarities_show_the_same_picture(window):
    centre, width = window or (None, None)
    plain, negative = dataset(), dataset(4095 - chest())
    if window:
        plain.WindowCenter, plain.WindowWidth = centre, width
        negative.WindowCenter, negative.WindowWidth = 4095 - centre + 1, width
    negative.PhotometricInterpretation = "MONOCHROME1"
    negative.PresentationLUTShape = "INVERSE"
    assert np.allclose(show(plain), show(negative), atol=1e-5)
    assert alike(show(plain)) > 0.98


def test_an_inverse_presentation_of_monochrome2_is_refused():
    assert refusal(dataset(PresentationLUTShape="INVERSE")) == "tags_contradict"


def by_the_standard(x, centre, width, shape):  # PS3.3 C.11.2.1.2 and C.11.2.1.3
    if shape == "SIGMOID":
        return 1 / (1 + np.exp(min(-4 * (x - centre) / width, 700)))
    if shape == "LINEAR_EXACT":
        if x <= centre - width / 2:
            return 0
        if x > centre + width / 2:
            return 1
        return (x - centre) / width + 0.5
    if x <= centre - 0.5 - (width - 1) / 2:
        return 0
    if x > centre - 0.5 + (width - 1) / 2:
        return 1
    return (x - (centre - 0.5)) / (width - 1) + 0.5


@pytest.mark.parametrize("shape", ["", "LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize(("centre", "width"), [(40, 400), (0.5, 1), (2048.5, 4096)])
def test_a_window_is_the_formula_of_the_standard(shape, centre, width):
    values = np.linspace(-500, 4500, 997).astype(np.float32)
    slow = [by_the_standard(float(x), centre, width, shape) for x in values]
    assert np.allclose(windowed(values, centre, width, shape), slow, atol=1e-5)


@pytest.mark.parametrize(
    ("centre", "width"), [(2000, 0), (2000, -5), (90000, 100), ([2000, 100], 3000)]
)
def test_a_broken_window_falls_back_to_the_stretched_picture(centre, width):
    broken = show(dataset(WindowCenter=centre, WindowWidth=width))
    assert np.array_equal(broken, show(dataset()))


def test_the_first_of_several_windows_counts():
    several = dataset(WindowCenter=[2000, 10], WindowWidth=[3000, 20])
    assert np.array_equal(
        show(several), show(dataset(WindowCenter=2000, WindowWidth=3000))
    )


def lookup(entries, bits, data, sequence, ds):
    table = Dataset()
    table.LUTDescriptor = [entries, 0, bits]
    table["LUTDescriptor"].VR = "US"
    table.LUTData = np.asarray(data, "<u2").tobytes()
    table["LUTData"].VR = "OW"
    setattr(ds, sequence, [table])
    return ds


@pytest.mark.parametrize("sequence", ["ModalityLUTSequence", "VOILUTSequence"])
def test_a_lookup_table_is_applied(sequence):
    curve = np.rint(1023 * (np.arange(4096) / 4095) ** 2)
    picture = show(lookup(4096, 10, curve, sequence, dataset()))
    assert alike(picture, TRUTH**2) > 0.98


def test_windows_refer_to_what_the_modality_table_says():
    table = 5000 + np.arange(4096)
    ds = lookup(4096, 16, table, "ModalityLUTSequence", dataset())
    ds.WindowCenter, ds.WindowWidth = 7000, 3000
    plain = dataset(WindowCenter=2000, WindowWidth=3000)
    assert np.allclose(show(ds), show(plain), atol=1e-5)


def test_a_short_lookup_table_is_ignored():
    ds = lookup(4096, 10, np.arange(100), "VOILUTSequence", dataset())
    assert np.array_equal(show(ds), show(dataset()))


@pytest.mark.parametrize("syntax", sorted([*CODERS, "1.2.840.10008.1.2.5"]))
def test_every_compressed_transfer_syntax_decodes(syntax):
    bits = 8 if syntax.endswith(("4.50", "4.201")) else 12
    stored = chest(bits=bits).astype(np.uint8 if bits == 8 else np.uint16)
    ds = parsing.parse(dicom_bytes(compressed(stored, syntax, bits=bits)))
    known = header.read(ds)
    values = frames.stored_values(ds, known)
    lossy = syntax.endswith(("4.50", "4.51"))
    assert np.abs(values - stored.astype(int)).max() <= (2**bits / 50 if lossy else 0)
    assert alike(displayed(values, ds, known)) > 0.98


@pytest.mark.parametrize(
    "syntax",
    [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian],
)
def test_every_native_transfer_syntax_decodes(syntax):
    stored = chest()
    ds = dataset(stored)
    ds.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        ds.PixelData = stored.astype(">u2").tobytes()
    assert np.array_equal(show(ds), show(dataset(stored)))


def test_a_file_without_preamble_and_meta_header_decodes():
    ds = dataset()
    ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    data = dicom_bytes(ds)
    bare = parsing.parse(data[144 + int.from_bytes(data[140:144], "little") :])
    known = header.read(bare)
    picture = displayed(frames.stored_values(bare, known), bare, known)
    assert np.array_equal(picture, show(dataset()))


def test_a_missing_last_delimiter_is_mended():
    ds = compressed(chest(), "1.2.840.10008.1.2.4.90")
    data = dicom_bytes(ds)
    mended = parsing.parse(data.removesuffix(b"\xfe\xff\xdd\xe0\0\0\0\0"))
    known = header.read(mended)
    assert np.array_equal(frames.stored_values(mended, known), chest())


def test_signed_values_and_negative_slopes_are_followed():
    signed = (chest().astype(int) - 2048).astype(np.int16)
    ds = dataset(signed, RescaleSlope=1, RescaleIntercept=2048)
    assert np.allclose(show(ds), show(dataset()), atol=1e-5)
    inverse = dataset(4095 - chest(), RescaleSlope=-1, RescaleIntercept=4095)
    assert np.allclose(show(inverse), show(dataset()), atol=1e-5)


def test_a_sign_that_is_not_extended_is_bit_eleven():
    signed = (chest().astype(int) - 2048).astype(np.int16)
    words = (signed.astype(int) & 0xFFF).astype(np.uint16)
    ds = dataset(words, PixelRepresentation=1)
    assert np.allclose(show(ds), show(dataset()), atol=1e-5)


def test_padding_is_air_in_either_polarity():
    stored = chest() // 2 + 1000
    stored[:10] = 0
    plain = show(dataset(stored, PixelPaddingValue=0))
    mono1 = dataset(
        stored, PixelPaddingValue=0, PhotometricInterpretation="MONOCHROME1"
    )
    assert (plain[:10] == 0).all()
    assert (show(mono1)[:10] == 0).all()
    assert alike(plain[10:], TRUTH[10:]) > 0.98


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [
        (("L", "F"), lambda p: p),
        (("R", "F"), np.fliplr),
        (("L", "H"), np.flipud),
        (("R", "H"), lambda p: p[::-1, ::-1]),
        (("F", "L"), np.transpose),
        (("H", "R"), lambda p: p[::-1, ::-1].T),
        (("A", "H"), np.flipud),
        (("", ""), lambda p: p),
        (("L", "R"), lambda p: p),
    ],
)
def test_patients_stand_upright_with_their_left_on_the_right(orientation, turn):
    assert np.array_equal(upright(turn(TRUTH), orientation), TRUTH)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"RescaleSlope": 0, "RescaleIntercept": 0}, "tags_contradict"),
        ({"BitsStored": 17}, "tags_contradict"),
        ({"HighBit": 3}, "tags_contradict"),
        ({"BitsStored": 10, "HighBit": 9}, "tags_contradict"),
        ({"Rows": None}, "tags_contradict"),
        ({"Rows": [60, 60]}, "tags_contradict"),
        ({"Rows": 61}, "truncated"),
        ({"Rows": 30}, "tags_contradict"),
        ({"Rows": 60000, "Columns": 60000}, "too_large"),
    ],
)
def test_contradictions_are_refused_before_a_pixel_is_shown(change, reason):
    assert refusal(dataset(**change)) == reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Columns": 47}, "tags_contradict"),
        ({"PixelRepresentation": 1}, "tags_contradict"),
    ],
)
def test_tags_are_held_against_the_stream(change, reason):
    ds = compressed(chest(), "1.2.840.10008.1.2.4.90", **change)
    assert refusal(ds) == reason


def test_a_stream_of_another_kind_is_refused():
    ds = compressed(chest(), "1.2.840.10008.1.2.4.80")
    ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.90"
    assert refusal(ds) == "tags_contradict"


@pytest.mark.parametrize("syntax", sorted(CODERS))
def test_a_cut_stream_is_noticed(syntax):
    stored = chest(bits=8).astype(np.uint8)
    stream = CODERS[syntax](stored, 8)
    assert codestreams.describe(stream).rows == 60
    with pytest.raises(Refused, match="truncated"):
        codestreams.describe(stream[: len(stream) // 2])


def test_no_header_of_another_thing_is_in_scope():
    for change in (
        {"Modality": "CT"},
        {"NumberOfFrames": 2},
        {"PresentationIntentType": "FOR PROCESSING"},
        {"BodyPartExamined": "KNEE"},
        {"PhotometricInterpretation": "RGB"},
    ):
        known = header.read(dataset(**change))
        with pytest.raises(Refused):
            scope.check_object(known, pixels="PixelData")
    scope.check_object(header.read(dataset()), pixels="PixelData")

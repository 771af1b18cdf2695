"""Pixels: whatever the tags, the picture is the one that a radiologist sees."""

import zlib

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)

from tests.ingest.synthetic import CODERS, chest, compressed, dataset, dicom_bytes
from workflow_scripts.ingest import codestreams, frames, header, parsing, person, scope
from workflow_scripts.ingest.displayed import displayed, straight, upright
from workflow_scripts.ingest.lookup import windowed
from workflow_scripts.ingest.picture import digest, halved, reduced, shrunk
from workflow_scripts.ingest.reasons import Refused

TRUTH = chest() / 4095
STEP = 1 / 65535  # of a picture in 16 bits


def shown(data):
    """Return the picture of a file's bytes as shares of white."""
    parsed = parsing.parse(data)
    known = header.read(parsed.ds)
    frames.check_tags(known)
    picture = displayed(frames.stored_values(parsed, known), parsed.ds, known)
    return upright(picture, known.orientation) / float(np.iinfo(picture.dtype).max)


def values_of(data):
    parsed = parsing.parse(data)
    return frames.stored_values(parsed, header.read(parsed.ds))


def show(ds):
    return shown(dicom_bytes(ds))


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
    assert np.allclose(show(plain), show(negative), atol=STEP)
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
    assert np.allclose(show(ds), show(plain), atol=STEP)


def test_a_short_lookup_table_is_ignored():
    ds = lookup(4096, 10, np.arange(100), "VOILUTSequence", dataset())
    assert np.array_equal(show(ds), show(dataset()))


@pytest.mark.parametrize("syntax", sorted([*CODERS, "1.2.840.10008.1.2.5"]))
def test_every_compressed_transfer_syntax_decodes(syntax):
    bits = 8 if syntax.endswith(("4.50", "4.201")) else 12
    stored = chest(bits=bits).astype(np.uint8 if bits == 8 else np.uint16)
    data = dicom_bytes(compressed(stored, syntax, bits=bits))
    values = values_of(data)
    lossy = syntax.endswith(("4.50", "4.51"))
    assert np.abs(values - stored.astype(int)).max() <= (2**bits / 50 if lossy else 0)
    assert alike(shown(data)) > 0.98
    if not lossy:
        assert digest(values) == digest(stored)


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
    bare = data[144 + int.from_bytes(data[140:144], "little") :]
    assert np.array_equal(shown(bare), show(dataset()))


def test_a_missing_last_delimiter_is_mended():
    ds = compressed(chest(), "1.2.840.10008.1.2.4.90")
    data = dicom_bytes(ds)
    cut = data.removesuffix(b"\xfe\xff\xdd\xe0\0\0\0\0")
    assert len(cut) == len(data) - 8
    assert np.array_equal(values_of(cut), chest())


def test_signed_values_and_negative_slopes_are_followed():
    signed = (chest().astype(int) - 2048).astype(np.int16)
    ds = dataset(signed, RescaleSlope=1, RescaleIntercept=2048)
    assert np.allclose(show(ds), show(dataset()), atol=STEP)
    inverse = dataset(4095 - chest(), RescaleSlope=-1, RescaleIntercept=4095)
    assert np.allclose(show(inverse), show(dataset()), atol=STEP)


def test_a_sign_that_is_not_extended_is_bit_eleven():
    signed = (chest().astype(int) - 2048).astype(np.int16)
    words = (signed.astype(int) & 0xFFF).astype(np.uint16)
    ds = dataset(words, PixelRepresentation=1)
    assert np.allclose(show(ds), show(dataset()), atol=STEP)


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
    stream = memoryview(CODERS[syntax](stored, 8))
    assert codestreams.describe(stream).rows == 60
    with pytest.raises(Refused, match="truncated"):
        codestreams.describe(stream[: len(stream) // 2])


@pytest.mark.parametrize("end", ["80", "201"])
def test_damage_that_the_codec_notices_is_refused(end):
    syntax = f"1.2.840.10008.1.2.4.{end}"
    stored = chest(shape=(200, 160))
    stream = bytearray(CODERS[syntax](stored, 12))
    for place in range(300, len(stream) - 2, 997):
        stream[place] ^= 0x40
    ds = dataset(stored)
    ds.file_meta.TransferSyntaxUID = syntax
    ds.PixelData = encapsulate([bytes(stream)])
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    with pytest.raises(Exception, match=r"unreadable|Invalid JPEG-LS"):
        show(ds)


def test_one_frame_of_two_streams_is_refused():
    ds = compressed(chest(), "1.2.840.10008.1.2.4.90")
    stream = CODERS["1.2.840.10008.1.2.4.90"](chest(), 12)
    ds.PixelData = encapsulate([stream, stream])
    assert refusal(ds) == "tags_contradict"


def test_fragments_are_joined():
    ds = compressed(chest(), "1.2.840.10008.1.2.4.90")
    stream = CODERS["1.2.840.10008.1.2.4.90"](chest(), 12)
    ds.PixelData = encapsulate([stream], fragments_per_frame=5)
    assert np.array_equal(show(ds), show(dataset()))


@pytest.mark.parametrize("syntax", sorted([*CODERS, "1.2.840.10008.1.2.5"]))
def test_a_cut_file_is_noticed(syntax):
    bits = 8 if syntax.endswith(("4.50", "4.201")) else 12
    stored = chest(bits=bits).astype(np.uint8 if bits == 8 else np.uint16)
    data = dicom_bytes(compressed(stored, syntax, bits=bits))
    with pytest.raises(Refused, match="truncated"):
        shown(data[: len(data) * 2 // 3])


def header_and_rest(ds):
    """Return a file's preamble with meta header, and its data set."""
    data = dicom_bytes(ds)
    start = 144 + int.from_bytes(data[140:144], "little")
    return data[:start], data[start:]


def test_a_deflated_file_that_is_cut_or_a_bomb_is_refused():
    ds = dataset()
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    head, body = header_and_rest(ds)
    with pytest.raises(Refused, match="truncated"):
        shown(head + body[: len(body) // 2])
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    zeros = bytes(2**20)
    bomb = b"".join(deflater.compress(zeros) for _ in range(160)) + deflater.flush()
    with pytest.raises(Refused, match="too_large"):
        shown(head + bomb)


def test_a_run_length_stream_cannot_make_more_than_it_holds():
    ds = compressed(chest(), "1.2.840.10008.1.2.5")
    ds.Rows = ds.Columns = 8000
    assert refusal(ds) == "tags_contradict"


@pytest.mark.filterwarnings("ignore:Expected")
def test_the_body_is_read_as_it_is_written_whatever_the_meta_header_says():
    explicit, implicit = dataset(), dataset()
    implicit.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    (says_explicit, is_explicit) = header_and_rest(explicit)
    (says_implicit, is_implicit) = header_and_rest(implicit)
    right = show(dataset())
    for data in (
        says_explicit + is_implicit,
        says_implicit + is_explicit,
        is_explicit,
        is_implicit,
        says_explicit[128:] + is_explicit,
        says_explicit[132:] + is_explicit,
        says_explicit + is_explicit + b"junk" * 999,
    ):
        assert np.array_equal(shown(data), right)


def test_a_header_that_ends_too_early_is_no_header_without_pixels():
    head, body = header_and_rest(dataset())
    pixels = body.rindex(b"\xe0\x7f\x10\0")
    assert parsing.parse(head + body[:pixels]).whole
    for cut in (body[: pixels + 5], body[:101], body[:200] + bytes(2**20)):
        assert not parsing.parse(head + cut).whole


def test_a_second_patient_id_is_noticed():
    head, body = header_and_rest(dataset())
    start = body.index(b"\x10\0\x20\0LO")
    once = body[start : start + 14]
    assert once.endswith(b"P0042 ")
    with pytest.raises(Refused, match="tags_contradict"):
        parsing.parse(head + body[:start] + once + body[start:])


@pytest.mark.parametrize("sign", [0, 1])
def test_left_justified_words_are_shifted(sign):
    stored = (chest().astype(int) - 2048 * sign) & 0xFFF
    ds = dataset((stored << 4).astype(np.uint16), HighBit=15, PixelRepresentation=sign)
    ds.RescaleSlope, ds.RescaleIntercept = 1, 2048 * sign
    assert np.allclose(show(ds), show(dataset()), atol=STEP)


@pytest.mark.parametrize("tags", [{}, {"RescaleSlope": 1, "RescaleIntercept": 0}])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_eight_bits_are_shown_as_they_are(kind, tags):
    stored = (chest(bits=8) // 2).astype(kind)
    assert np.allclose(show(dataset(stored, bits=8, **tags)), stored / 255, atol=STEP)


@pytest.mark.parametrize("vr", ["OB", "OW"])
def test_eight_bits_in_big_endian_words_are_put_in_order(vr):
    stored = chest(bits=8).astype(np.uint8)
    ds = dataset(stored, bits=8)
    ds.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    if vr == "OW":
        ds.PixelData = stored.view("<u2").astype(">u2").tobytes()
    ds["PixelData"].VR = vr
    assert np.allclose(show(ds), stored / 255, atol=STEP)


def test_padding_may_be_a_range_in_either_order():
    stored = chest() // 2 + 1000
    stored[:4], stored[4:8] = 0, 30
    for low, high in ((0, 50), (50, 0)):
        ds = dataset(stored, PixelPaddingValue=low, PixelPaddingRangeLimit=high)
        assert (show(ds)[:8] == 0).all()
        assert alike(show(ds)[8:], TRUTH[8:]) > 0.98


def test_a_table_may_begin_below_zero():
    signed = (chest().astype(int) - 2048).astype(np.int16)
    curve = np.rint(4095 * (np.arange(4096) / 4095) ** 2)
    ds = lookup(4096, 12, curve, "VOILUTSequence", dataset(signed))
    ds.VOILUTSequence[0].LUTDescriptor = [4096, 2**16 - 2048, 12]
    assert np.allclose(show(ds), TRUTH**2, atol=2 / 4095)


def both_ways(ds, long_side_px):
    """Return the reduced picture by the quick way, None if not taken, and the slow."""
    parsed = parsing.parse(dicom_bytes(ds))
    known = header.read(parsed.ds)
    stored = frames.stored_values(parsed, known)
    slow = reduced(displayed(stored, parsed.ds, known), long_side_px)
    if (line := straight(stored, parsed.ds, known)) is None:
        return None, slow
    means = shrunk(stored, long_side_px).astype(float)
    return 255 * (means * line[0] + line[1]), slow


@pytest.mark.parametrize("polarity", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("signed", [0, 1])
@pytest.mark.parametrize("slope", [1, -0.25])
@pytest.mark.parametrize("shape", [None, "LINEAR", "LINEAR_EXACT"])
@pytest.mark.parametrize("long_side_px", [37, 120])
def test_shrinking_first_changes_nothing(polarity, signed, slope, shape, long_side_px):
    stored = chest(shape=(120, 96)).astype(int) - 2048 * signed
    ds = dataset(stored.astype(np.int16 if signed else np.uint16))
    ds.PhotometricInterpretation = polarity
    ds.RescaleSlope, ds.RescaleIntercept = slope, 30
    ds.WindowCenter = (2048 - 2048 * signed) * slope + 30
    ds.WindowWidth = 4200 * abs(slope)
    if shape:
        ds.VOILUTFunction = shape
    quick, slow = both_ways(ds, long_side_px)
    assert np.abs(quick - slow).max() < 0.6


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"WindowCenter": 2048, "WindowWidth": 4000},
        {"WindowCenter": 2100, "WindowWidth": 4096},
        {"WindowCenter": 2000, "WindowWidth": 4096},
        {"WindowCenter": 2048, "WindowWidth": 9000, "VOILUTFunction": "SIGMOID"},
        {"WindowCenter": 2048, "WindowWidth": 4096, "PixelPaddingValue": 0},
        {"WindowCenter": 2048, "WindowWidth": -4096},
    ],
)
def test_nothing_is_shrunk_first_where_shades_are_no_straight_line(tags):
    assert both_ways(dataset(**tags), 37)[0] is None


@pytest.mark.parametrize("tags", [{}, {"WindowCenter": 1500, "WindowWidth": 1200}])
@pytest.mark.parametrize("polarity", ["MONOCHROME1", "MONOCHROME2"])
def test_the_looked_up_picture_is_the_one_of_a_pixel_by_pixel_chain(tags, polarity):
    """A slow, obvious chain in float64, in DICOM's order, shrunk by exact areas."""
    stored = chest(shape=(120, 96))
    ds = dataset(stored, PhotometricInterpretation=polarity, **tags)
    ds.RescaleSlope, ds.RescaleIntercept = 0.5, 100
    values = stored * 0.5 + 100.0
    low, high = 1500 - 0.5 - 1199 / 2, 1500 - 0.5 + 1199 / 2
    if not tags:
        low = np.percentile(values, 0.5, method="inverted_cdf")
        high = -np.percentile(-values, 0.5, method="inverted_cdf")
        reach = (high - low) / 4
        low = max(values.min(), low - reach)
        high = min(values.max(), high + reach)
    slow = np.clip((values - low) / (high - low), 0, 1)
    slow = 1 - slow if polarity == "MONOCHROME1" else slow
    areas = slow.reshape(30, 4, 24, 4).mean((1, 3)) * 255
    parsed = parsing.parse(dicom_bytes(ds))
    known = header.read(parsed.ds)
    quick = displayed(frames.stored_values(parsed, known), parsed.ds, known)
    assert np.abs(reduced(quick, 30) - areas).max() < 0.51


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16])
@pytest.mark.parametrize("shape", [(90, 77), (61, 200), (128, 96), (9, 70), (65, 64)])
def test_a_smaller_picture_is_the_means_of_areas(shape, kind):
    info = np.iinfo(kind)
    values = np.random.default_rng(0).integers(info.min, info.max, shape, kind)
    small = shrunk(values, 32)
    assert max(small.shape) == 32
    fine = values.astype(float)  # cut into so many parts that areas end between them
    fine = fine.repeat(small.shape[0], axis=0).repeat(small.shape[1], axis=1)
    slow = fine.reshape(small.shape[0], shape[0], small.shape[1], shape[1])
    assert np.abs(small - slow.mean((1, 3))).max() <= 0.51


def test_a_picture_is_halved_by_whole_factors_only_and_stays_large_enough():
    values = np.arange(13 * 18, dtype=np.float32).reshape(13, 18)
    assert np.array_equal(halved(values, 7), values)
    once = values[:12].reshape(6, 2, 9, 2).mean((1, 3))
    assert np.array_equal(halved(values, 6), once)
    assert halved(values, 3).shape == (3, 4)


def test_a_digest_depends_on_values_and_shape_and_not_on_the_type():
    values = np.arange(600, dtype=np.uint16).reshape(20, 30)
    assert digest(values) == digest(values.astype(np.int16))
    assert digest(values % 256) == digest((values % 256).astype(np.uint8))
    assert digest(values) != digest(values.reshape(30, 20))
    for place in (0, 299, 599):
        other = values.astype(np.int16)
        other.ravel()[place] -= 1
        assert digest(other) != digest(values)


@pytest.mark.parametrize("level", [1, 9])
def test_a_deflated_picture_of_any_ratio_is_the_same(level):
    stored = np.tile(chest(), (5, 5))  # repeats: far beyond the usual ratio
    ds = dataset(stored)
    head, body = header_and_rest(ds)
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    head, _ = header_and_rest(ds)
    deflater = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = deflater.compress(body) + deflater.flush()
    assert np.array_equal(values_of(head + packed), stored)


RULES = {
    "other_modality": {"Modality": "CT"},
    "for_processing": {"PresentationIntentType": "FOR PROCESSING"},
    "other_body_part": {"BodyPartExamined": "KNEE"},
    "lateral": {"ViewPosition": "LL"},
    "paediatric": {"PatientAge": "017Y"},
}


def in_scope(ds, exclude):
    known = header.read(ds)
    scope.check_object(known, pixels="PixelData", exclude=exclude)
    scope.check_person(scope.view(known), person.years(known.age), exclude)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_rule_of_scope_refuses_only_where_it_is_switched_on(rule):
    ds = dataset(**RULES[rule])
    in_scope(ds, set(RULES) - {rule})
    with pytest.raises(Refused, match=rule):
        in_scope(ds, {rule})
    in_scope(dataset(), set(RULES))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"NumberOfFrames": 2}, "multi_frame"),
        ({"PhotometricInterpretation": "RGB"}, "colour"),
    ],
)
def test_some_rules_of_scope_always_hold(change, reason):
    with pytest.raises(Refused, match=reason):
        in_scope(dataset(**change), set())


def test_only_letters_of_an_orientation_are_kept():
    assert scope.directions(("L", "FP")) == "L\\FP"
    assert scope.directions(("",)) is None
    assert scope.directions(("MEIER", "F")) is None

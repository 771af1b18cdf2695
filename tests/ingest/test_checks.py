"""What can be seen in a picture, whatever its file said."""

import inspect
import pkgutil

import cv2
import imagecodecs
import numpy as np
import pytest

from tests.ingest.synthetic import chest
from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest import checks

NAMES = [module.name for module in pkgutil.iter_modules(checks.__path__)]
SHAPES = [(60, 48), (64, 56), (128, 128), (300, 240), (440, 440), (1024, 800)]


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def good(shape=(440, 400), seed=0):
    return chest(seed, bits=8, shape=shape).astype(np.uint8)


def found(picture):
    """Return the checks that suspect the picture."""
    return {name for name in NAMES if checks.load(name)(picture)}


def written(picture, *lines, height=14, colour=255):
    picture = picture.copy()
    scale = cv2.getFontScaleFromHeight(cv2.FONT_HERSHEY_SIMPLEX, height)
    for row, line in enumerate(lines, 1):
        place = (10, 2 * height * row)
        cv2.putText(picture, line, place, 0, scale, (colour,), 1, cv2.LINE_AA)
    return picture


@pytest.mark.parametrize("shape", SHAPES)
def test_a_good_picture_of_any_size_passes_every_check(name, shape):
    for seed in range(3):
        assert checks.load(name)(good(shape, seed)) == ""


def test_a_check_says_what_it_finds_and_leaves_the_picture_alone(name):
    suspect = checks.load(name)
    assert inspect.getdoc(inspect.getmodule(suspect))
    for picture in (good(), 255 - good(), np.zeros((60, 48), np.uint8)):
        before = picture.copy()
        assert isinstance(suspect(picture), str)
        assert np.array_equal(before, picture)


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (9, 2), (48, 40), (40, 300)])
def test_no_size_is_too_odd_for_a_check(name, shape):
    noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    for picture in (noise, np.full(shape, 7, np.uint8)):
        assert isinstance(checks.load(name)(picture), str)


def test_an_unknown_check_is_refused_by_name():
    with pytest.raises(InputError, match="half_empty"):
        checks.load("beauty")


def test_black_bars_and_a_collimated_field_pass(name):
    letterbox = cv2.copyMakeBorder(good(), 80, 80, 0, 0, cv2.BORDER_CONSTANT)
    field = cv2.copyMakeBorder(good(), 70, 70, 70, 70, cv2.BORDER_CONSTANT)
    assert checks.load(name)(letterbox) == ""
    assert checks.load(name)(field) == ""


@pytest.mark.parametrize("mark", ["L", "R", "AP", "->", "PORT"])
def test_a_marker_alone_is_no_text(mark):
    for height in (10, 20, 40):
        assert found(written(good(), mark, height=height)) == set()


@pytest.mark.parametrize("height", [8, 12, 20])
@pytest.mark.parametrize("colour", [0, 255])
def test_a_name_and_a_date_are_text(height, colour):
    ground = cv2.copyMakeBorder(
        good((600, 700)) // 2 + 60, 60, 60, 0, 0, cv2.BORDER_REPLICATE
    )
    lines = ("DOE^JOHN", "1960-01-01")
    assert "text" in found(written(ground, *lines, height=height, colour=colour))


@pytest.mark.parametrize("grey", [100, 128, 180])
@pytest.mark.parametrize("share", [0.25, 0.5, 0.7])
def test_a_lower_part_of_one_grey_is_half_empty(grey, share):
    picture = good()
    picture[int((1 - share) * len(picture)) :] = grey
    assert "half_empty" in found(picture)


def test_a_black_lower_half_and_a_grey_quarter_are_half_empty():
    black, quarter = good(), good()
    black[210:] = 0
    quarter[220:, 200:] = 128
    assert "half_empty" in found(black)
    assert "half_empty" in found(quarter)


@pytest.mark.parametrize("gamma", [0.5, 1, 2])
@pytest.mark.parametrize("shape", SHAPES)
def test_an_inverted_chest_is_told_whatever_its_window(shape, gamma):
    picture = 255 * (good(shape) / 255) ** gamma
    assert "inverted" in found(255 - picture.astype(np.uint8))
    assert "inverted" not in found(picture.astype(np.uint8))


def test_a_flat_plate_has_no_contrast_even_with_a_marker():
    flat = np.full((400, 400), 90, np.uint8)
    assert "no_contrast" in found(flat)
    assert "no_contrast" in found(written(flat, "L"))


@pytest.mark.parametrize("blur", [0, 1, 2])
def test_noise_is_noise_also_when_smoothed(blur):
    noise = np.random.default_rng(0).normal(128, 40, (400, 400))
    noise = cv2.GaussianBlur(noise, (0, 0), blur) if blur else noise
    assert "noise" in found(np.clip(noise, 0, 255).astype(np.uint8))


def test_a_slope_from_side_to_side_and_a_page_of_writing_are_no_chest():
    page = written(np.full((800, 600), 255, np.uint8), *["x y z"] * 25, colour=0)
    slope = np.tile(np.linspace(0, 255, 300, dtype=np.uint8), (300, 1))
    assert "not_a_chest" in found(slope)
    assert "not_a_chest" in found(page)


def test_waves_of_two_pixels_are_damage_and_grain_is_none():
    rng = np.random.default_rng(0)
    waves = np.tile([[24], [-24]], (220, 400)) * rng.uniform(0.5, 1, (440, 400))
    grain = rng.normal(0, 14, (440, 400))
    base = good() * 0.7 + 35
    assert "damaged" in found((base + waves).clip(0, 255).astype(np.uint8))
    assert "damaged" not in found((base + grain).clip(0, 255).astype(np.uint8))


def test_flipped_bits_in_a_jpeg_are_seen_if_they_changed_the_picture():
    picture, seen, changed = good(), 0, 0
    for seed in range(24):
        rng = np.random.default_rng(seed)
        code = bytearray(imagecodecs.jpeg8_encode(picture, level=90))
        for place in rng.integers(700, len(code) - 2, 10):
            code[place] ^= 1 << int(rng.integers(8))
        broken = cv2.imdecode(np.frombuffer(code, np.uint8), cv2.IMREAD_GRAYSCALE)
        if np.corrcoef(broken.ravel(), picture.ravel())[0, 1] < 0.9:
            changed += 1
            seen += bool(found(broken))
    assert changed >= 4
    assert seen >= 0.7 * changed

"""Shenzhen: readings as somebody typed them, and children among the adults."""

import math

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.ingest.chain import ingest
from tests.ingest.synthetic import SHAPE, chest, png_bytes, write
from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.datasets import Source, shenzhen

TOP = "ChinaSet_AllFiles"
NORMAL = f"{TOP}/CXR_png/CHNCXR_0001_0.png"
ILL = f"{TOP}/CXR_png/CHNCXR_0327_1.png"
CHILD = f"{TOP}/CXR_png/CHNCXR_0025_0.png"
MASK = "mask/CHNCXR_0001_0_mask.png"
DRAWN_FINDING = "Annotations-2/masks/CHNCXR_0327_1.png"
READINGS = {
    "CHNCXR_0001_0": "male 45yrs\r\nnormal",
    "CHNCXR_0327_1": "Female , 28yrs\n\nbilateral PTB\nmale 61yrs\nright PTB",
    "CHNCXR_0025_0": "male 16month\n normal",
}


def lungs():
    mask = np.zeros(SHAPE, np.uint8)
    mask[10:40, 8:18] = 255
    return png_bytes(mask)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    root = tmp_path_factory.mktemp("shenzhen")
    for seed, path in enumerate([NORMAL, ILL, CHILD]):
        picture = Image.fromarray(chest(seed, bits=8).astype(np.uint8))
        write(root / path, png_bytes(picture.convert("P")))
    write(root / MASK, lungs())
    write(root / DRAWN_FINDING, lungs())
    for stem, text in READINGS.items():
        write(root / TOP / f"ClinicalReadings/{stem}.txt", text.encode())
    out = tmp_path_factory.mktemp("out")
    masks = root / "mask"
    return ingest(root, out, adapter="shenzhen", masks=masks, mask_source="shenzhen")


def test_the_end_of_the_name_is_the_label(done):
    assert done.label(NORMAL, "tuberculosis") == 0
    assert done.label(NORMAL, "no_finding") == 1
    assert done.label(ILL, "tuberculosis") == 1
    assert done.label(ILL, "no_finding") == 0


def test_the_first_person_of_a_reading_counts(done):
    assert done.image(ILL)["sex"] == "F"
    assert done.image(ILL)["age_years"] == 28


def test_only_adults_are_known_to_be_taken_pa(done):
    assert done.image(NORMAL)["view_position"] == "PA"
    assert pd.isna(done.image(CHILD)["view_position"])
    assert done.image(CHILD)["age_years"] == pytest.approx(16 / 12)


def test_masks_are_no_pictures_and_some_pictures_have_none(done):
    assert done.reasons()[MASK] == "lung_mask"
    assert done.reasons()[DRAWN_FINDING] == "lung_mask"
    assert set(done.images["path"]) == {NORMAL, ILL, CHILD}
    assert done.picture(NORMAL, "lung_masks")[20, 12] == 1
    assert (done.picture(ILL, "lung_masks") == 255).all()


@pytest.mark.parametrize(
    ("text", "sex", "age"),
    [
        ("male 45yrs", "M", 45.0),
        ("femal 32yrs\nnormal", "F", 32.0),
        ("Female, 28yrs", "F", 28.0),
        ("female  64days", "F", 64 / 365.25),
        ("male 16month", "M", 16 / 12),
        ("male 50", "M", 50.0),
    ],
)
def test_sex_and_age_are_read_however_typed(text, sex, age):
    found = shenzhen._person(text)
    assert found[0] == sex
    assert found[1] == pytest.approx(age)


def test_a_reading_without_a_person_tells_nothing():
    sex, age = shenzhen._person("normal")
    assert sex is None
    assert math.isnan(age)


def test_a_root_without_its_pictures_is_refused():
    files = pd.DataFrame({"file_id": ["a"], "path": ["CXR_png/MCUCXR_0001_0.png"]})
    with pytest.raises(InputError, match="CHNCXR"):
        shenzhen.facts(Source(files=files, tables=[], hashed_uid=str))

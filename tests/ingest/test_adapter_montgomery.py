"""Montgomery: the file's name is the label, and masks bear the same name."""

import math

import numpy as np
import pytest
from PIL import Image

from tests.ingest.chain import ingest
from tests.ingest.synthetic import SHAPE, chest, png_bytes, write

TOP = "MontgomerySet"
NORMAL = f"{TOP}/CXR_png/MCUCXR_0001_0.png"
ILL = f"{TOP}/CXR_png/MCUCXR_0104_1.png"
UNREAD = f"{TOP}/CXR_png/MCUCXR_0002_0.png"
STRANGER = f"{TOP}/CXR_png/preview.png"
LEFT = f"{TOP}/ManualMask/leftMask/MCUCXR_0001_0.png"
READINGS = {
    "MCUCXR_0001_0": "Patient's Sex: F \r\nPatient's Age: 027Y\r\nnormal",
    "MCUCXR_0104_1": "Patient's Sex: M\nPatient's Age: 044Y\ncavity; age: 99 scars\n",
}


def half(side):
    mask = np.zeros(SHAPE, bool)
    mask[10:40, 8:18] = side == "left"
    mask[10:40, 30:40] = side == "right"
    return png_bytes(Image.fromarray(mask))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    root = tmp_path_factory.mktemp("montgomery")
    for seed, path in enumerate([NORMAL, ILL, UNREAD, STRANGER]):
        write(root / path, png_bytes(chest(seed, bits=8).astype(np.uint8)))
    for side in ("left", "right"):
        for stem in READINGS:
            write(root / TOP / f"ManualMask/{side}Mask/{stem}.png", half(side))
    for stem, text in READINGS.items():
        write(root / TOP / f"ClinicalReadings/{stem}.txt", text.encode())
    out = tmp_path_factory.mktemp("out")
    masks = root / TOP / "ManualMask"
    return ingest(
        root, out, adapter="montgomery", masks=masks, mask_source="montgomery"
    )


def test_the_end_of_the_name_is_the_label(done):
    assert done.label(NORMAL, "tuberculosis") == 0
    assert done.label(NORMAL, "no_finding") == 1
    assert done.label(ILL, "tuberculosis") == 1
    assert done.label(ILL, "no_finding") == 0
    assert set(done.labels["source"]) == {"file name"}


def test_readings_tell_sex_and_age_and_may_lack(done):
    assert done.image(NORMAL)["sex"] == "F"
    assert done.image(NORMAL)["age_years"] == 27
    assert done.image(ILL)["sex"] == "M"
    assert done.image(ILL)["age_years"] == 44
    assert math.isnan(done.image(UNREAD)["age_years"])


def test_each_picture_is_a_patient_of_its_own_seen_from_behind(done):
    assert done.images["patient_id"].is_unique
    assert set(done.images["view_position"]) == {"PA"}
    assert done.image(NORMAL)["image_id"] == "MCUCXR_0001_0"


def test_masks_are_no_pictures_although_they_bear_their_names(done):
    assert done.reasons()[LEFT] == "lung_mask"
    assert set(done.images["path"]) == {NORMAL, ILL, UNREAD}


def test_a_file_that_the_publisher_does_not_name_has_no_patient(done):
    assert done.reasons()[STRANGER] == "patient_id_missing"


def test_both_lungs_are_in_the_mask(done):
    mask = done.picture(NORMAL, "lung_masks")
    assert mask[20, 12] == mask[20, 34] == 1
    assert mask[20, 24] == mask[50, 12] == 0
    assert (done.picture(UNREAD, "lung_masks") == 255).all()

"""JSRT: headerless films with dark stored bright, and tables that run together."""

import math

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.ingest.chain import ingest
from tests.ingest.synthetic import chest, png_bytes, write

WITH = "All247images/JPCLN001.IMG"
OLD = "All247images/JPCLN002.IMG"
WITHOUT = "All247images/JPCNN001.IMG"
NODULES = (
    b"JPCLN001.IMG\t5\t15\t53\tmale\t1634\t692\tmalignant\tl.upper lobe\tlung cancer"
    b"JPCLN002.IMG\t4\t30\t?\tfemale\t1614\t1090\tbenign\tl.upper lobe\t\x94bl\xe9\r"
)
NONE = b"JPCNN001.IMG  78    female    non-nodule\r"


def film(seed):
    shown = cv2.resize(chest(seed), (2048, 2048))
    return (4095 - shown).astype(">u2").tobytes()


def lung(columns):
    mask = np.zeros((1024, 1024), np.uint8)
    mask[200:700, columns] = 255
    return png_bytes(Image.fromarray(mask), "gif")


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    root = tmp_path_factory.mktemp("jsrt")
    for seed, path in enumerate([WITH, OLD, WITHOUT]):
        write(root / path, film(seed))
    write(root / "Clinical_Information/CLNDAT_EN.txt", NODULES)
    write(root / "Clinical_Information/CNNDAT_EN.TXT", NONE)
    scr = root / "scratch/fold1/masks"
    write(scr / "left lung/JPCLN001.gif", lung(slice(600, 800)))
    write(scr / "right lung/JPCLN001.gif", lung(slice(200, 400)))
    write(scr / "heart/JPCLN001.gif", lung(slice(400, 600)))
    out = tmp_path_factory.mktemp("out")
    place = root / "scratch"
    return ingest(
        *(root, out),
        **{"adapter": "jsrt", "masks": place, "mask_source": "scr"},
        long_side_px=64,
    )


def test_the_name_tells_the_nodule_and_nothing_else(done):
    assert done.label(WITH, "nodule") == 1
    assert done.label(WITHOUT, "nodule") == 0
    assert set(done.labels["finding"]) == {"nodule"}


def test_records_are_found_without_line_ends_or_utf_8(done):
    assert done.image(WITH)["sex"] == "M"
    assert done.image(WITH)["age_years"] == 53
    assert done.image(OLD)["sex"] == "F"
    assert math.isnan(done.image(OLD)["age_years"])
    assert done.image(WITHOUT)["sex"] == "F"
    assert done.image(WITHOUT)["age_years"] == 78


def test_films_are_shown_with_air_dark(done):
    shown = cv2.resize(chest(0).astype(np.float32), (64, 64))
    picture = done.picture(WITH).astype(np.float32)
    assert np.corrcoef(shown.ravel(), picture.ravel())[0, 1] > 0.9
    assert done.image(WITH)["bits_stored"] == 12


def test_each_film_is_a_patient_of_its_own_seen_from_behind(done):
    assert set(done.images["path"]) == {WITH, OLD, WITHOUT}
    assert done.images["patient_id"].is_unique
    assert set(done.images["view_position"]) == {"PA"}
    assert done.images["official_split"].isna().all()
    assert done.image(WITH)["image_id"] == "JPCLN001"


def test_scr_masks_fit_films_of_twice_their_size(done):
    mask = done.picture(WITH, "lung_masks")
    assert mask[20, 18] == mask[20, 43] == 1
    assert mask[20, 31] == mask[60, 18] == 0
    assert (done.picture(OLD, "lung_masks") == 255).all()

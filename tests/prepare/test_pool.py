"""A pool holds training images that meet no held-out one, and says what it left out."""

import logging

import pytest

from tests.prepare.hospitals import (
    ARCHIVE,
    CLINIC,
    FAR,
    Hospitals,
    chest,
    coded,
    halved,
)
from workflow_scripts.core.errors import InputError

KEY = ["dataset", "image_id"]


@pytest.fixture
def hospitals(tmp_path):
    """Return few images: nobody meets, and the archive has some to keep."""
    hospitals = Hospitals(tmp_path, clean=False)
    for number, (name, split) in enumerate(
        [
            (CLINIC, "train"),
            (CLINIC, "validation"),
            (CLINIC, "test"),
            (FAR, "test"),
            (ARCHIVE, "train"),
            (ARCHIVE, "train"),
        ]
    ):
        hospitals.add(name, split, chest(number), f"p{number}")
    return hospitals


def pooled(hospitals, **choices):
    hospitals.write()
    return set(hospitals.pool(**choices)["image_id"])


def test_the_training_images_are_kept_with_their_place_in_the_store(hospitals):
    hospitals.write()
    table = hospitals.pool(data=[CLINIC, ARCHIVE])
    rows = table[["dataset", "image_id", "shard", "row"]].to_numpy().tolist()
    assert rows == [
        [CLINIC, "added0", 0, 0],
        [ARCHIVE, "added4", 0, 0],
        [ARCHIVE, "added5", 0, 1],
    ]


def test_no_patient_of_a_validation_or_test_part_is_in_the_pool(hospitals):
    for held_out in ("p1", "p2", "p3"):
        hospitals.add(ARCHIVE, "train", chest(9 + len(hospitals.rows)), held_out)
    assert pooled(hospitals) == {"added4", "added5"}


@pytest.mark.parametrize("data", [[ARCHIVE], [ARCHIVE, CLINIC]])
def test_no_copy_of_a_held_out_picture_is_in_the_pool(hospitals, data):
    own = pooled(hospitals, data=data)
    for number in (1, 2, 3):
        for change in (lambda p: p, coded, halved):
            hospitals.add(ARCHIVE, "train", change(chest(number)))
    assert pooled(hospitals, data=data) == own


def test_copies_of_training_pictures_and_their_patients_stay(hospitals):
    copy = hospitals.add(ARCHIVE, "train", coded(chest(0)))
    theirs = hospitals.add(ARCHIVE, "train", chest(9), "p0")
    assert {copy, theirs} <= pooled(hospitals)


def test_patients_that_nobody_knows_are_not_one_patient(hospitals):
    hospitals.rows += [
        (ARCHIVE, "0001", "0001", "train", "sha-a", None),
        (CLINIC, "0001", "0001", "test", "sha-b", None),
    ]
    assert "0001" in pooled(hospitals)


def test_both_reasons_are_counted_for_each_dataset(hospitals, caplog):
    caplog.set_level(logging.INFO)
    hospitals.add(ARCHIVE, "train", chest(9), "p2")
    hospitals.add(ARCHIVE, "train", chest(2), "p2")  # of both, told as the patient
    hospitals.add(ARCHIVE, "train", coded(chest(3)))
    hospitals.add(CLINIC, "train", halved(chest(2)))
    pooled(hospitals, data=[ARCHIVE, CLINIC])
    told = "%s: %d training images kept; %d of held-out patients and %d copies"
    assert told % (ARCHIVE, 2, 2, 1) in caplog.text
    assert told % (CLINIC, 1, 0, 1) in caplog.text


def test_transductive_keeps_every_image_and_says_so(hospitals, caplog):
    caplog.set_level(logging.INFO)
    hospitals.add(ARCHIVE, "train", coded(chest(2)), "p2")
    images = hospitals.images
    asked = images[images["dataset"].isin([CLINIC, ARCHIVE])]
    kept = pooled(hospitals, data=[CLINIC, ARCHIVE], transductive=True)
    assert kept == set(asked["image_id"])
    assert "transductive" in caplog.text


def test_where_no_task_tests_a_dataset_of_the_hospital_all_are_kept(hospitals):
    assert pooled(hospitals, walls=[]) == {"added4", "added5"}


def test_an_empty_pool_is_refused_by_the_names_of_its_datasets(hospitals):
    with pytest.raises(InputError, match="no image of far is left to pretrain on"):
        pooled(hospitals, data=[FAR])

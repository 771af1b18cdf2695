"""A pool holds training images that meet no held-out one, and says what it left out."""

import itertools
import logging

import numpy as np
import pandas as pd
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
from workflow_scripts.prepare.pool import Recipe, drawn

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


def test_the_pool_tells_patient_study_and_view_of_each_image(hospitals):
    nobody = hospitals.add(ARCHIVE, "train", chest(9))
    hospitals.write()
    table = hospitals.pool(data=[CLINIC, ARCHIVE]).set_index("image_id")
    told = table.loc[["added0", "added4"], ["patient_id", "study_id", "view_position"]]
    assert told.to_numpy().tolist() == [
        ["p0", "study-added0", "PA"],
        ["p4", "study-added4", "PA"],
    ]
    assert pd.isna(table.loc[nobody, "patient_id"])


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


def crowd(n_patients=200, unknown=20, first=0):
    """Some images each of many patients, who are in two datasets; and of nobody."""
    rng = np.random.default_rng(7)
    owner = np.repeat(np.arange(n_patients), 1 + rng.integers(0, 3, n_patients))
    owners = [f"p{first + number}" for number in owner] + [None] * unknown
    return pd.DataFrame(
        {
            "dataset": rng.choice([ARCHIVE, CLINIC], len(owners)),
            "image_id": [f"i{first}-{number}" for number in range(len(owners))],
            "patient_id": pd.Series(owners, dtype="string"),
        }
    )


def asked(patients, seed=1):
    return Recipe(
        datasets=[ARCHIVE, CLINIC],
        walls=[],
        patients=patients,
        seed=seed,
        transductive=False,
    )


def units(images):
    nobody = images["dataset"] + images["image_id"]
    return set(images["patient_id"].fillna(nobody))


@pytest.mark.parametrize(
    ("patients", "n"), [("10%", 22), ("0.01%", 1), (7, 7), (220, 220), ("100%", 220)]
)
def test_as_many_patients_are_drawn_as_are_asked_for_each_with_all_images(patients, n):
    images = crowd()
    kept = drawn(images, asked(patients))
    assert len(units(kept)) == n
    left_out = images.drop(kept.index)
    assert not units(kept) & units(left_out)


def test_a_smaller_draw_lies_within_a_larger_one_and_seeds_differ():
    images = crowd()
    sizes = [1, 5, "10%", "50%", 150, "100%"]
    kept = [set(drawn(images, asked(size))["image_id"]) for size in sizes]
    assert all(less < more for less, more in itertools.pairwise(kept))
    assert kept[3] != set(drawn(images, asked("50%", seed=2))["image_id"])


def test_images_of_nobody_count_as_one_patient_each():
    images = crowd(n_patients=0, unknown=30)
    assert len(drawn(images, asked(11))) == 11


def test_of_a_share_hardly_anybody_leaves_when_the_archive_grows():
    before, more = crowd(400), crowd(400, first=1000)
    old = units(drawn(before, asked("50%")))
    now = units(drawn(pd.concat([before, more], ignore_index=True), asked("50%")))
    stay = len(old & now) / len(old)
    assert stay > 0.9  # of as many drawn by a shuffle, half
    alone = units(drawn(before.sample(frac=1, random_state=0), asked("50%")))
    assert alone == old  # whatever the order of the rows


def test_more_patients_than_there_are_are_refused(hospitals):
    with pytest.raises(InputError, match=r"patients: 3 asked for, the pool has 2"):
        pooled(hospitals, patients=3)


def test_held_out_patients_are_not_among_those_to_draw_from(hospitals, caplog):
    caplog.set_level(logging.INFO)
    hospitals.add(ARCHIVE, "train", chest(9), "p2")
    assert len(pooled(hospitals, patients=1)) == 1
    assert "drawn: 1 of 2 patients, with 1 of 2 images" in caplog.text

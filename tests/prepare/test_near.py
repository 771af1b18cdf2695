"""Images of all datasets that show the same picture, each pair once."""

import numpy as np
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
from workflow_scripts.core.near import ALIKE, _unpacked, details
from workflow_scripts.core.tables.prepare import NEAR
from workflow_scripts.prepare.twins import both_ways, same_pictures


@pytest.fixture
def hospitals(tmp_path):
    return Hospitals(tmp_path, clean=False)


def found(hospitals):
    hospitals.write()
    return hospitals.near()


def ends(pairs):
    return set(zip(pairs["image_id"], pairs["other_image_id"], strict=True))


def by_force(images):
    """Return the pairs, by comparing all pairs."""
    rows = images.to_dict("records")
    pairs = {}
    for place, one in enumerate(rows):
        for other in rows[place + 1 :]:
            copies = _unpacked([one["fingerprint"], other["fingerprint"]])[0]
            first, second = details(copies).astype(np.float64)
            cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
            ids = one["image_id"], other["image_id"]
            if one["pixels_sha256"] == other["pixels_sha256"]:
                pairs[ids] = "pixels", pytest.approx(1)
            elif cosine >= ALIKE:
                pairs[ids] = "near", pytest.approx(cosine, abs=1e-4)
    return pairs


@pytest.mark.parametrize("seed", range(3))
def test_pairs_are_those_of_comparing_all_with_all(hospitals, seed):
    rng = np.random.default_rng(seed)
    changes = (lambda p: p, coded, halved)
    for _ in range(25):
        change = changes[rng.integers(len(changes))]
        name = (CLINIC, FAR, ARCHIVE)[rng.integers(3)]
        hospitals.add(name, "train", change(chest(rng.integers(6))))
    pairs = found(hospitals)
    order = hospitals.images["dataset"].map(hospitals.names.index)
    images = hospitals.images.iloc[np.argsort(order, kind="stable")]
    told = {
        (row["image_id"], row["other_image_id"]): (row["kind"], row["correlation"])
        for row in pairs.to_dict("records")
    }
    assert len(told) == len(pairs) > 20
    assert told == by_force(images)


def test_all_pairs_of_three_copies_are_told_though_two_have_one_fingerprint(hospitals):
    same = chest(0)
    pictures = ((CLINIC, coded(same)), (FAR, same), (ARCHIVE, same))
    ids = [hospitals.add(name, "train", picture) for name, picture in pictures]
    pairs = found(hospitals)
    assert ends(pairs) == {(ids[0], ids[1]), (ids[0], ids[2]), (ids[1], ids[2])}
    assert sorted(pairs["kind"]) == ["near", "near", "pixels"]


def test_equal_pictures_that_are_stored_differently_are_near(hospitals):
    for name in (CLINIC, FAR, ARCHIVE):
        hospitals.add(name, "train", chest(0))
    stored = ("16 bits", "8 bits", None)
    hospitals.rows = [
        (*row[:4], sha, row[5]) for row, sha in zip(hospitals.rows, stored, strict=True)
    ]
    pairs = found(hospitals)
    assert len(pairs) == 3
    assert set(pairs["kind"]) == {"near"}
    assert set(pairs["correlation"]) == {1}


def test_images_without_a_fingerprint_are_left_out_and_counted(hospitals, caplog):
    caplog.set_level("INFO")
    for name in (CLINIC, FAR, ARCHIVE):
        hospitals.add(name, "train", chest(0))
    hospitals.rows = [(*row[:4], None, None) for row in hospitals.rows]
    assert found(hospitals).empty
    assert "3 images (3 without a fingerprint): 0 pairs" in caplog.text


def test_a_dataset_without_images_and_a_lone_image_have_no_pairs(hospitals):
    hospitals.add(CLINIC, "train", chest(0))
    assert found(hospitals).empty


def test_a_dataset_is_told_from_another_with_the_same_image_names(hospitals):
    hospitals.add(CLINIC, "train", chest(0))
    hospitals.add(FAR, "test", chest(0))
    hospitals.rows = [(row[0], "0001", *row[2:]) for row in hospitals.rows]
    (pair,) = found(hospitals).to_dict("records")
    assert (pair["dataset"], pair["other_dataset"]) == (CLINIC, FAR)


def test_both_ways_holds_each_pair_twice(hospitals):
    hospitals.add(CLINIC, "train", chest(0))
    hospitals.add(FAR, "train", coded(chest(0)))
    twice = both_ways(same_pictures(hospitals.images))
    assert ends(twice) == {("added0", "added1"), ("added1", "added0")}
    NEAR.check(twice)


def test_the_step_tells_how_many_pairs_lie_in_two_datasets(hospitals, caplog):
    caplog.set_level("INFO")
    for name in (CLINIC, CLINIC, FAR):
        hospitals.add(name, "train", chest(0))
    assert len(found(hospitals)) == 3
    assert "3 pairs show one picture, 2 of them in two datasets" in caplog.text

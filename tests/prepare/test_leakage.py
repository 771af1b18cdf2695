"""Twelve planted leaks end loudly, each in a step that a user runs; clean sets do not.

Two more are left out of the pool and told, which is the default.
"""

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
    relit,
)
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.ingest import IMAGES, STRATA
from workflow_scripts.core.tables.prepare import DRAWS
from workflow_scripts.prepare import draws, meetings, splits

NEW = 7000  # a phantom that is in no dataset


@pytest.fixture
def hospitals(tmp_path):
    return Hospitals(tmp_path)


def patient_in_two_splits(hospitals):
    _, patient, _ = hospitals.one(CLINIC, "train")
    hospitals.add(CLINIC, "test", chest(NEW), patient)
    hospitals.guard()


def picture_in_two_splits(hospitals):
    hospitals.add(CLINIC, "test", hospitals.one(CLINIC, "train")[2], "somebody")
    hospitals.guard()


def coded_copy_in_two_splits(hospitals):
    picture = hospitals.one(CLINIC, "train")[2]
    hospitals.add(CLINIC, "validation", coded(picture, 75), "somebody")
    hospitals.guard()


def smaller_copy_in_two_splits(hospitals):
    hospitals.add(CLINIC, "test", halved(hospitals.one(CLINIC, "train")[2]))
    hospitals.guard()


def brighter_copy_in_two_splits(hospitals):
    hospitals.add(CLINIC, "test", relit(hospitals.one(CLINIC, "validation")[2]))
    hospitals.guard()


def patient_of_training_tested_elsewhere(hospitals):
    _, patient, _ = hospitals.one(CLINIC, "train")
    hospitals.add(FAR, "test", chest(NEW), patient)
    hospitals.guard()


def copy_of_another_hospitals_test_in_the_pool(hospitals):
    hospitals.add(ARCHIVE, "train", coded(hospitals.one(CLINIC, "test")[2]))
    hospitals.guard(walls=[])  # as where the sites are not said to share pictures


def held_out_image_in_the_pool_file(hospitals):
    hospitals.fill_pool()
    hospitals.put_into_pool(CLINIC, hospitals.one(CLINIC, "test")[0])
    hospitals.judge()


def validation_image_in_the_pool_file(hospitals):
    hospitals.fill_pool()
    hospitals.put_into_pool(CLINIC, hospitals.one(CLINIC, "validation")[0])
    hospitals.judge()


def patient_of_the_test_in_the_pool_file(hospitals):
    _, patient, _ = hospitals.one(CLINIC, "test")
    added = hospitals.add(ARCHIVE, "train", chest(NEW), patient)
    hospitals.fill_pool()
    hospitals.put_into_pool(ARCHIVE, added)
    hospitals.judge()


def draws_that_are_not_nested(hospitals):
    parts = [hospitals.folder / budget for budget in ("2", "3")]
    for path, patients in zip(
        parts, (["ann", "bea"], ["ann", "cem", "dan"]), strict=True
    ):
        drawn = {"budget": path.name, "draw": 0, "patient_id": patients}
        DRAWS.write(pd.DataFrame(drawn), path)
    draws.main(parts=parts, recipe=draws.Recipe(), draws=hospitals.folder / "joined")


def official_split_through_a_patient(hospitals):
    hospitals.write()
    images = IMAGES.read(hospitals.folder / "clinic-images")
    parts = np.where(np.arange(len(images)) == 0, "train", "test")
    IMAGES.write(images.assign(official_split=parts), hospitals.folder / "images")
    STRATA.write(STRATA.empty(), hospitals.folder / "strata")
    splits.main(
        images=hospitals.folder / "images",
        strata=hospitals.folder / "strata",
        recipe=splits.Recipe(
            role="labelled", validation_share=0.1, test_share=0.2, seed=0
        ),
        splits=hospitals.folder / "splits",
    )


TWO = r"in clinic \(train\) and clinic \(test\)"
POOL = "in the pool of moco: "
REFUSED = {
    patient_in_two_splits: f"of the same patient {TWO}",
    picture_in_two_splits: f"1 with the same pixels {TWO}",
    coded_copy_in_two_splits: r"1 of the same picture, .* and clinic \(validation\)",
    smaller_copy_in_two_splits: f"1 of the same picture, changed {TWO}",
    brighter_copy_in_two_splits: r"picture, changed in clinic \(validation\) and",
    patient_of_training_tested_elsewhere: r"in clinic \(train\) and far \(test\)",
    copy_of_another_hospitals_test_in_the_pool: f"picture, changed {POOL}archive",
    held_out_image_in_the_pool_file: rf"the same pixels {POOL}clinic \(test\)",
    validation_image_in_the_pool_file: rf"the same pixels {POOL}clinic \(validation\)",
    patient_of_the_test_in_the_pool_file: f"of the same patient {POOL}archive",
    draws_that_are_not_nested: "draw 0: 2 is not inside 3",
    official_split_through_a_patient: "the official split cuts through 1 patients",
}


@pytest.mark.parametrize("leak", REFUSED, ids=lambda leak: leak.__name__)
def test_a_planted_leak_is_refused(leak, hospitals):
    assert len(REFUSED) == 12
    with pytest.raises(InputError, match=REFUSED[leak]):
        leak(hospitals)


def copy_in_two_splits(hospitals):
    hospitals.add(FAR, "test", coded(hospitals.one(CLINIC, "train")[2]))
    hospitals.guard()


def copy_of_a_test_in_the_pool(hospitals):
    hospitals.add(ARCHIVE, "train", coded(hospitals.one(FAR, "test")[2]))
    hospitals.guard(walls=[])


OF_THE_SECOND_TASK = {
    copy_in_two_splits: r"1 of the same picture, changed in clinic \(train\) and far ",
    copy_of_a_test_in_the_pool: f"1 of the same picture, changed {POOL}archive",
}


@pytest.mark.parametrize("leak", OF_THE_SECOND_TASK, ids=lambda leak: leak.__name__)
def test_a_leak_of_the_second_task_is_refused(leak, hospitals):
    """Of the two tasks, only the second is tested on the hospital that leaks."""
    hospitals.tasks = [[CLINIC], [CLINIC, FAR]]
    with pytest.raises(InputError, match=OF_THE_SECOND_TASK[leak]):
        leak(hospitals)


LEFT_OUT = {
    "copy of a test picture": ("near", "0 of held-out patients and 1 copies", 0),
    "patient of the test": ("patient", "1 of held-out patients and 0 copies", NEW),
}


@pytest.mark.parametrize(("kind", "told", "number"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_leak_into_the_pool_is_left_out_and_told(
    kind, told, number, hospitals, caplog
):
    caplog.set_level(logging.INFO)
    _, patient, picture = hospitals.one(CLINIC, "test")
    if kind == "near":
        added = hospitals.add(ARCHIVE, "train", coded(halved(picture)))
    else:
        added = hospitals.add(ARCHIVE, "train", chest(number), patient)
    found = hospitals.guard()
    assert set(found["image_id"]) == {added}
    assert set(found["kind"]) == {kind}
    assert set(found["wall"]) == {"pool"}
    assert found["excluded"].all()
    assert not found["transductive"].any()
    assert told in caplog.text
    assert "left out, 0 kept on purpose" in caplog.text


def test_a_clean_set_of_300_chests_raises_none(hospitals):
    assert hospitals.guard().empty
    assert len(hospitals.images) == 300
    assert hospitals.near().empty


def test_a_pool_of_a_tested_dataset_is_its_training_part_and_raises_none(hospitals):
    assert hospitals.guard(data=[CLINIC, ARCHIVE]).empty


def test_transductive_keeps_and_flags(hospitals):
    _, patient, picture = hospitals.one(CLINIC, "test")
    copy = hospitals.add(ARCHIVE, "train", coded(picture))
    theirs = hospitals.add(ARCHIVE, "train", chest(NEW), patient)
    found = hospitals.guard(data=[CLINIC, ARCHIVE], transductive=True)
    assert found["transductive"].all()
    assert not found["excluded"].any()
    clinic = hospitals.images[hospitals.images["dataset"] == CLINIC]
    held_out = clinic[clinic["split"] != "train"]["image_id"]
    assert set(found["image_id"]) == {*held_out, copy, theirs}
    kinds = found.groupby("image_id")["kind"].agg(" ".join)
    assert kinds[copy] == "near"
    assert kinds[theirs] == "patient patient"  # one row for each of the patient's two
    assert f"{len(found)} kept in a pool on purpose" in hospitals.ready()


def test_a_split_that_leaks_is_refused_though_the_pool_is_transductive(hospitals):
    hospitals.add(CLINIC, "test", coded(hospitals.one(CLINIC, "train")[2]))
    with pytest.raises(InputError, match="1 pairs of images cross a wall"):
        hospitals.guard(transductive=True)


def test_the_same_picture_in_two_training_sets_is_no_leak(hospitals):
    for change in (lambda p: p, coded):
        hospitals.add(ARCHIVE, "train", change(hospitals.one(CLINIC, "train")[2]))
    assert hospitals.guard(data=[CLINIC, ARCHIVE]).empty
    assert len(hospitals.near()) == 3


def test_a_copy_of_a_picture_that_is_in_no_task_is_no_leak(hospitals):
    hospitals.names.append("other")
    hospitals.add("other", "test", hospitals.one(CLINIC, "train")[2])
    assert hospitals.guard().empty


def test_validation_parts_of_external_sets_choose_nothing_and_leak_nothing(hospitals):
    hospitals.add(FAR, "validation", hospitals.one(CLINIC, "train")[2])
    assert hospitals.guard().empty


def meetings_none():
    return pd.DataFrame(columns=["dataset", "image_id", *meetings.OTHER, "kind"])


def test_a_pool_of_unknown_images_is_refused(hospitals):
    hospitals.fill_pool()
    hospitals.put_into_pool(ARCHIVE, "nobody's")
    with pytest.raises(InputError, match=r"'moco': 1 of its images are in no dataset"):
        hospitals.leakage()


def test_patients_nobody_knows_meet_nobody_though_their_images_have_one_name(tmp_path):
    hospitals = Hospitals(tmp_path, clean=False)
    for name, split in ((CLINIC, "train"), (FAR, "test"), (ARCHIVE, "train")):
        hospitals.add(name, split, chest(len(hospitals.rows)))
    hospitals.rows = [(row[0], "0001", "0001", *row[3:]) for row in hospitals.rows]
    assert hospitals.guard().empty


def people(rng, n, patients):
    owners = rng.choice([*patients, None], n)
    return pd.DataFrame(
        {
            "dataset": rng.choice(["a", "b"], n),
            "image_id": [str(i) for i in rng.permutation(n)],
            "patient_id": pd.Series(owners, dtype="string"),
            "split": rng.choice(["train", "test"], n),
        }
    )


@pytest.mark.parametrize("seed", range(5))
def test_meetings_name_everyone_whom_comparing_all_with_all_names(seed):
    rng = np.random.default_rng(seed)
    everyone = people(rng, 60, ["ann", "bea", "cem", "dan"])
    these, those = everyone.iloc[:45], everyone.iloc[35:]
    twins = meetings_none()
    found = meetings.meetings(these, those, twins)
    owner = everyone["patient_id"].fillna("").to_dict()
    both = set(these.index) & set(those.index)
    pairs = [
        (one, other)
        for one in these.index
        for other in those.index
        if one == other or (one not in both and owner[one] == owner[other] != "")
    ]
    place = {(r["dataset"], r["image_id"]): i for i, r in everyone.iterrows()}
    told = {
        (
            place[r["dataset"], r["image_id"]],
            place[r["other_dataset"], r["other_image_id"]],
        )
        for r in found.to_dict("records")
    }
    assert len(told) == len(found)
    assert told <= set(pairs)
    assert {one for one, _ in told} == {one for one, _ in pairs}
    assert {other for _, other in told} == {other for _, other in pairs}


def test_a_patient_with_thousands_of_images_on_both_sides_gives_thousands_of_pairs():
    side = pd.Series(["ann"] * 3000 + ["bea"] * 2, dtype="string")
    other = pd.Series(["ann"] * 2000 + ["bea"] * 5 + [None], dtype="string")
    one, two = meetings._matched(side, other)
    assert len(one) == 3000 + 5
    assert (side.iloc[one].to_numpy() == other.iloc[two].to_numpy()).all()
    assert set(one) == set(range(len(side)))
    assert set(two) == set(range(len(other) - 1))


def test_a_refusal_is_one_line_however_many_places_leak(tmp_path):
    hospitals = Hospitals(tmp_path, clean=False)
    hospitals.add(CLINIC, "train", chest(0))
    hospitals.add(ARCHIVE, "train", chest(1))
    for number in range(7):
        hospitals.names.append(f"far{number}")
        hospitals.tasks[0].append(f"far{number}")
        hospitals.add(f"far{number}", "test", chest(0))
    with pytest.raises(InputError, match=r"^7 pairs .*, 2 more places; ") as told:
        hospitals.guard()
    assert "\n" not in str(told.value)

"""A patient is in one part only, and stays there."""

import numpy as np
import pandas as pd
import pytest

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.ingest import IMAGES
from workflow_scripts.prepare.splits import Recipe, divided


def recipe(role="labelled"):
    return Recipe(role=role, validation_share=0.15, test_share=0.3, seed=1)


def images(n_patients, official=lambda _patient: None):
    owners = np.repeat([f"p{number}" for number in range(n_patients)], 3)
    table = IMAGES.empty().reindex(range(len(owners)))
    return table.assign(
        image_id=[f"i{number}" for number in range(len(owners))],
        patient_id=owners,
        official_split=[official(patient) for patient in owners],
    )


def test_a_patient_is_in_one_part_only():
    table = images(300)
    part = divided(table, recipe())
    parts_of = part.groupby(table["patient_id"]).agg(set)
    assert parts_of.map(len).max() == 1


def test_the_shares_are_what_was_asked():
    part = divided(images(4000), recipe()).value_counts(normalize=True)
    assert part["test"] == pytest.approx(0.3, abs=0.03)
    assert part["validation"] == pytest.approx(0.15, abs=0.03)


def test_those_already_there_stay_where_they_are_when_others_are_added():
    few = divided(images(100), recipe())
    many = divided(images(500), recipe())
    assert few.tolist() == many[: len(few)].tolist()


def test_the_publishers_split_is_kept_and_only_validation_is_drawn():
    def official(patient):
        return "test" if int(patient[1:]) % 4 == 0 else "train"

    table = images(400, official)
    part = divided(table, recipe())
    assert (part[table["official_split"] == "test"] == "test").all()
    rest = part[table["official_split"] == "train"]
    assert set(rest) == {"train", "validation"}
    assert (rest == "validation").mean() == pytest.approx(0.15, abs=0.05)


def test_a_complete_official_split_is_left_alone():
    names = ["train", "validation", "test"]
    table = images(90, lambda patient: names[int(patient[1:]) % 3])
    assert divided(table, recipe()).tolist() == table["official_split"].tolist()


def test_an_official_split_that_cuts_through_a_patient_is_refused():
    table = images(2, lambda _patient: "train")
    table.loc[0, "official_split"] = "test"
    with pytest.raises(InputError, match="cuts through 1 patients"):
        divided(table, recipe())


def test_an_unlabelled_dataset_is_all_training_but_for_an_official_test_split():
    assert set(divided(images(50), recipe("unlabelled"))) == {"train"}
    table = images(10, lambda patient: "test" if patient == "p3" else None)
    part = divided(table, recipe("unlabelled"))
    assert set(table["patient_id"][part == "test"]) == {"p3"}


def test_the_seed_decides():
    other = Recipe(role="labelled", validation_share=0.15, test_share=0.3, seed=2)
    assert divided(images(100), recipe()).tolist() != (
        divided(images(100), other).tolist()
    )


def test_the_table_is_whole():
    assert not divided(images(100), recipe()).isna().any()
    assert isinstance(divided(images(10), recipe()), pd.Series)

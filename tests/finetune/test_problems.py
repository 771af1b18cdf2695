"""What may be learnt from: the drawn patients, and what chooses their settings."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.finetune.problems import problem
from workflow_scripts.core.errors import InputError
from workflow_scripts.finetune.problems import Development, Recipe, problem_of

RECIPE = Recipe(
    protocol="linear_probe",
    options={},
    kind="multilabel",
    findings=["bright", "left"],
    positive_weights=False,
    cross_validate_below=0,
    size_px=32,
    seed=1,
)


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """96 images of 48 patients, of whom 32 are of the training split."""
    known = problem(tmp_path_factory.mktemp("problem"))
    number = np.arange(96) // 2
    table = pd.DataFrame(
        {
            "patient_id": [f"p{one}" for one in number],
            "split": np.where(number < 32, "train", "validation"),
        }
    ).astype("string")
    return Development(
        known=table, images=known.images, asked=known.asked, targets=known.targets
    )


def drawn(n):
    patients = [f"p{3 * number % 32}" for number in range(n)]
    return pd.DataFrame({"budget": str(n), "draw": 0, "patient_id": patients})


def test_settings_are_chosen_on_validation_unless_folds_are_asked_for(given):
    for below in (0, 10):
        found = problem_of(
            given, drawn(10), replace(RECIPE, cross_validate_below=below)
        )
        assert found.folds == []
        assert set(found.validation) == set(range(64, 96))
        assert len(found.labelled) == 20


def test_few_patients_choose_among_themselves_and_no_validation_row_is_there(given):
    found = problem_of(given, drawn(10), replace(RECIPE, cross_validate_below=11))
    assert len(found.validation) == 0
    assert len(found.folds) == 5
    patient = given.known["patient_id"].to_numpy()
    judged = []
    for teaching, judging in found.folds:
        assert set(teaching) | set(judging) == set(found.labelled)
        assert not set(patient[teaching]) & set(patient[judging])
        judged += judging.tolist()
    assert sorted(judged) == found.labelled.tolist()


def test_another_draw_of_the_same_patients_has_the_same_folds(given):
    recipe = replace(RECIPE, cross_validate_below=100)
    first = problem_of(given, drawn(20), recipe)
    other = problem_of(given, drawn(20).assign(draw=1).iloc[::-1], recipe)
    for one, two in zip(first.folds, other.folds, strict=True):
        np.testing.assert_array_equal(one[1], two[1])


def test_one_patient_alone_is_refused_where_no_other_may_choose(given):
    with pytest.raises(InputError, match=r"labels: 1 is one patient.*takes two"):
        problem_of(given, drawn(1), replace(RECIPE, cross_validate_below=5))
    assert len(problem_of(given, drawn(1), RECIPE).labelled) == 2


def test_the_present_weigh_as_much_as_the_absent_where_that_is_asked_for(given):
    assert problem_of(given, drawn(10), RECIPE).emphasis is None
    found = problem_of(given, drawn(10), replace(RECIPE, positive_weights=True))
    known = given.targets[found.labelled]
    for weight, column in zip(found.emphasis, known.T, strict=True):
        assert weight == pytest.approx((column == 0).sum() / (column == 1).sum())

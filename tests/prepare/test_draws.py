"""Label draws: by patient, nested within a draw, and the same for every encoder."""

import numpy as np
import pandas as pd
import pytest

from workflow_scripts.core.errors import InputError
from workflow_scripts.prepare.draw import ordered, size
from workflow_scripts.prepare.draws import refuse_unnested


def training(n_patients, seed=0):
    generator = np.random.default_rng(seed)
    rows = [
        {
            "patient_id": f"p{number}",
            "image_id": f"p{number}-{image}",
            "finding": finding,
            "target": generator.choice([0.0, 1.0, np.nan], p=[0.8, 0.1, 0.1]),
        }
        for number in range(n_patients)
        for image in range(2)
        for finding in ("effusion", "nodule")
    ]
    return pd.DataFrame(rows)


def test_every_patient_is_in_the_order_once():
    order, _ = ordered(training(100), draw=0, seed=1)
    assert sorted(order) == sorted(f"p{number}" for number in range(100))


@pytest.mark.parametrize("draw", range(10))
def test_every_budget_has_both_classes_of_every_finding(draw):
    table = training(100)
    order, n_needed = ordered(table, draw, seed=1)
    here = table[table["patient_id"].isin(order[:n_needed])]
    assert n_needed <= 4
    assert (here.groupby("finding")["target"].nunique() == 2).all()


def test_draws_differ_and_repeat():
    table = training(100)
    first, again = (ordered(table, 0, seed=1)[0] for _ in range(2))
    assert first == again
    assert first != ordered(table, 1, seed=1)[0]
    assert first != ordered(table, 0, seed=2)[0]


def test_those_drawn_keep_their_order_when_patients_are_added():
    few, n_few = ordered(training(100), 0, seed=1)
    many, n_many = ordered(training(150), 0, seed=1)
    old = set(few[n_few:])
    kept = [patient for patient in many[n_many:] if patient in old]
    assert kept == [patient for patient in few[n_few:] if patient in set(kept)]


@pytest.mark.parametrize(
    ("budget", "n"), [("1%", 4), ("0.1%", 1), ("100%", 400), ("7", 7), ("400", 400)]
)
def test_a_budget_is_a_share_of_the_training_patients_or_a_count(budget, n):
    assert size(budget, 400) == n


def test_a_budget_larger_than_the_patients_is_refused():
    with pytest.raises(InputError, match=r"500 patients asked for.*has 400"):
        size("500", 400)


def test_a_larger_budget_holds_the_smaller_one():
    inside = pd.DataFrame(
        {
            "budget": ["1%", "50%", "50%"],
            "draw": 0,
            "patient_id": ["a", "a", "b"],
        }
    )
    refuse_unnested(inside)
    with pytest.raises(InputError, match="1% is not inside 50%"):
        refuse_unnested(inside.assign(patient_id=["c", "a", "b"]))

"""Label draws: by patient, nested within a draw, and the same for every encoder."""

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from tests.prepare.test_order import ONE, run, targets
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.prepare import (
    CLASSES,
    DRAWS,
    ORDER,
    budget_of,
    file_name_of,
)
from workflow_scripts.prepare import draw, draws
from workflow_scripts.prepare.draw import size
from workflow_scripts.prepare.draws import refuse_unnested

BUDGETS = ["7", "20", "5%", "25%", "100%"]


def drawn(folder, table, budgets=BUDGETS, recipe=ONE):
    """Run the steps from targets to draws; return the patients of (budget, draw)."""
    run(folder, table, recipe)
    parts = [folder / file_name_of(budget) for budget in budgets]
    for part in parts:
        draw.main(
            order=folder / ".partial-1-order.parquet",
            classes=folder / "classes",
            budget=part.name,
            recipe=draw.Recipe(),
            draw=part,
        )
    draws.main(parts=parts, recipe=draws.Recipe(), draws=folder / "draws")
    done = DRAWS.read(folder / "draws").groupby(["budget", "draw"])["patient_id"]
    return {key: set(patients) for key, patients in done}


def test_a_draw_is_as_large_as_its_budget_and_inside_the_next(tmp_path):
    table = targets(200)
    done = drawn(tmp_path, table)
    wanted = {"7": 7, "20": 20, "5%": 10, "25%": 50, "100%": 200}
    assert {key: len(one) for key, one in done.items()} == {
        (budget, number): n for budget, n in wanted.items() for number in range(2)
    }
    for number in range(2):
        for small, large in pairwise(sorted(BUDGETS, key=wanted.get)):
            assert done[small, number] <= done[large, number]


@pytest.mark.parametrize("least", [1, 2])
def test_every_budget_has_both_classes_of_every_finding(tmp_path, least):
    table = targets(200)
    recipe = replace(ONE, draws=5, least_patients=least, seed=3)
    budgets = ["8", "5%", "20%", "2 per class"]
    for patients in drawn(tmp_path, table, budgets, recipe).values():
        here = table[table["patient_id"].isin(patients)]
        counts = here.groupby(["finding", "target"])["patient_id"].nunique()
        assert len(counts) == 4
        assert counts.min() >= least


def slow_per_class(table, order, least):
    """Take, of each finding, the first patients with it and the first without."""
    chosen = set()
    for finding in table["finding"].unique():
        for value in (1.0, 0.0):
            rows = table[(table["finding"] == finding) & (table["target"] == value)]
            have = set(rows["patient_id"])
            chosen |= set([one for one in order if one in have][:least])
    return chosen


def test_a_budget_per_class_holds_the_first_with_and_without_each_finding(tmp_path):
    table = targets(200)
    budgets = ["1 per class", "2 per class", "9 per class"]
    done = drawn(tmp_path, table, [*budgets, "30", "100%"])
    order = ORDER.read(tmp_path / ".partial-1-order.parquet")
    for number in range(2):
        here = order[order["draw"] == number].sort_values("place")["patient_id"]
        for budget, least in zip(budgets, (1, 2, 9), strict=True):
            expected = slow_per_class(table, here.tolist(), least)
            assert done[budget, number] == expected
        for small, large in pairwise(budgets):
            assert done[small, number] < done[large, number]


def test_who_was_drawn_per_class_stays_when_patients_are_added(tmp_path):
    few = drawn(tmp_path, targets(100), ["3 per class"])
    assert drawn(tmp_path, targets(150), ["3 per class"]) == few


def test_more_of_a_class_than_there_are_is_refused_with_how_many_there_are(tmp_path):
    table = targets(60)
    rows = table[(table["finding"] == "effusion") & (table["target"] == 1)]
    n = rows["patient_id"].nunique()
    assert drawn(tmp_path, table, [f"{n} per class"])
    told = rf"labels: {n + 1} per class, but only {n} training .* have .*'effusion'"
    with pytest.raises(InputError, match=told):
        drawn(tmp_path, table, [f"{n + 1} per class"])


def test_fewer_per_class_than_every_budget_holds_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"1 per class leaves out \d+ patients"):
        drawn(tmp_path, targets(60), ["1 per class"], replace(ONE, least_patients=2))


@pytest.mark.parametrize("budget", ["1%", "0.5%", "100%", "8", "8 per class"])
def test_a_budget_is_known_again_by_its_files_name(budget):
    name = file_name_of(budget)
    assert re.fullmatch(r"[0-9.]+(pct|perclass)?", name)
    assert budget_of(name) == budget


def test_who_was_drawn_stays_drawn_when_patients_are_added(tmp_path):
    few = drawn(tmp_path, targets(100))
    many = drawn(tmp_path, targets(150))
    assert few.keys() == many.keys()
    for (budget, number), patients in few.items():
        if budget.endswith("%"):
            assert patients < many[budget, number]
        else:
            assert patients == many[budget, number]


def test_a_budget_that_lacks_a_class_is_refused_with_what_it_needs(tmp_path):
    with pytest.raises(InputError, match=r"1 is 1 patients; draw 0 needs [234] for e"):
        drawn(tmp_path, targets(100), ["1"])


def test_labels_edited_until_a_budget_lacks_a_class_are_told_of(tmp_path):
    table = targets(100)
    before = drawn(tmp_path, table, ["7"])
    drawn_first = table["patient_id"].isin(before["7", 0])
    edited = drawn_first & (table["finding"] == "effusion")
    table["target"] = table["target"].mask(edited, 0.0)
    with pytest.raises(
        InputError, match=r"labels or images changed .*: delete .*/\S*order"
    ):
        drawn(tmp_path, table, ["7"])
    whole = drawn(tmp_path, table, ["100%"])
    assert len(whole["100%", 0]) == 100
    (memory,) = tmp_path.glob("remembered-*.parquet")
    memory.unlink()
    here = table[table["patient_id"].isin(drawn(tmp_path, table, ["7"])["7", 0])]
    assert (here.groupby("finding")["target"].nunique() == 2).all()


def test_a_draw_reads_nothing_but_the_order(tmp_path):
    rows = {"draw": 0, "place": [1, 0, 2], "patient_id": ["b", "a", "c"]}
    needed = [False, True, False]
    table = pd.DataFrame(rows).assign(needed=needed, per_class=[2, 1, None])
    ORDER.write(table, tmp_path / "order")
    CLASSES.write(CLASSES.empty(), tmp_path / "classes")
    for budget, who in (("67pct", {"a", "b"}), ("1perclass", {"a"})):
        draw.main(
            order=tmp_path / "order",
            classes=tmp_path / "classes",
            budget=budget,
            recipe=draw.Recipe(),
            draw=tmp_path / "draw",
        )
        done = DRAWS.read(tmp_path / "draw")
        assert set(done["patient_id"]) == who
        assert set(done["budget"]) == {budget_of(budget)}


@pytest.mark.parametrize(
    ("budget", "n"), [("1%", 4), ("0.1%", 1), ("100%", 400), ("7", 7), ("400", 400)]
)
def test_a_budget_is_a_share_of_the_training_patients_or_a_count(budget, n):
    assert size(budget, 400) == n


@pytest.mark.parametrize("budget", ["0.5%", "5%", "33.3%", "100%"])
def test_a_share_of_more_patients_is_never_fewer(budget):
    sizes = [size(budget, n) for n in range(1, 2000)]
    assert (np.diff(sizes) >= 0).all()


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
    per_class = inside.assign(budget=["1 per class", "2 per class", "2 per class"])
    refuse_unnested(per_class)
    refuse_unnested(pd.concat([inside, per_class.assign(patient_id=["c", "c", "d"])]))
    with pytest.raises(InputError, match="1 per class is not inside 2 per class"):
        refuse_unnested(per_class.assign(patient_id=["c", "a", "b"]))
    with pytest.raises(InputError, match="1% is not inside 50%"):
        refuse_unnested(inside.assign(patient_id=["c", "a", "b"]))

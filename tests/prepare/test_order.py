"""The order of a draw: the needed first, others by chance, newcomers last."""

import hashlib
import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.prepare import CLASSES, ORDER, TARGETS
from workflow_scripts.prepare import order
from workflow_scripts.prepare.chance import chance
from workflow_scripts.prepare.order import Recipe

ONE = Recipe(draws=2, least_patients=1, kind="multilabel", seed=1)


def targets(n, *, rates=(0.08, 0.3), start=0):
    """Two images a patient; what a patient has does not depend on the others."""
    rows = []
    for number in range(start, start + n):
        generator = np.random.default_rng(number)
        for finding, rate in zip(("effusion", "nodule"), rates, strict=False):
            values = generator.choice([1.0, 0.0, np.nan], 2, p=[rate, 0.9 - rate, 0.1])
            rows += [(f"p{number}", k, finding, v) for k, v in enumerate(values)]
    table = pd.DataFrame(rows, columns=["patient_id", "k", "finding", "target"])
    image = table["patient_id"] + "-" + table.pop("k").astype(str)
    return table.assign(dataset="own", image_id=image, split="train")


def run(folder, table, recipe=ONE):
    TARGETS.write(table, folder / "development")
    out = folder / ".partial-1-order.parquet"
    order.main(
        development=folder / "development",
        recipe=recipe,
        order=out,
        classes=folder / "classes",
    )
    return ORDER.read(out)


def patients(table, draw=0):
    return table[table["draw"] == draw].sort_values("place")["patient_id"].tolist()


def slow_head(table, draw, recipe):
    """Go through the patients one by one; take who is still needed."""
    by_chance = sorted(
        table["patient_id"].unique(),
        key=lambda one: chance("draw", recipe.seed, draw, one),
    )
    head, counts = [], {}
    for patient in by_chance:
        own = table[table["patient_id"] == patient].dropna(subset="target")
        pairs = set(zip(own["finding"], own["target"], strict=True))
        if any(counts.get(pair, 0) < recipe.least_patients for pair in pairs):
            head.append(patient)
        for pair in pairs:
            counts[pair] = counts.get(pair, 0) + 1
    return head, [patient for patient in by_chance if patient not in head]


@pytest.mark.parametrize("least", [1, 3])
def test_the_head_and_the_rest_are_those_of_the_definition(tmp_path, least):
    table = targets(80)
    recipe = replace(ONE, least_patients=least)
    done = run(tmp_path, table, recipe)
    for draw in range(2):
        head, rest = slow_head(table, draw, recipe)
        here = done[done["draw"] == draw]
        assert patients(done, draw) == head + rest
        assert here["needed"].tolist() == [True] * len(head) + [False] * len(rest)
        assert here["place"].tolist() == list(range(80))


@pytest.mark.parametrize("least", [1, 2, 4])
def test_the_needed_hold_every_finding_present_and_absent(tmp_path, least):
    table = targets(150)
    done = run(tmp_path, table, replace(ONE, least_patients=least))
    for _, here in done[done["needed"]].groupby("draw"):
        own = table[table["patient_id"].isin(here["patient_id"])]
        counts = own.groupby(["finding", "target"])["patient_id"].nunique()
        assert len(counts) == 4
        assert counts.min() >= least


def test_who_is_among_the_first_of_a_class_is_found_as_by_counting(tmp_path):
    """A patient's number is the best rank in any class; unsure labels are in none."""
    table = targets(60)
    table["target"] = table["target"].where(np.arange(len(table)) % 7 > 0, 0.5)
    nobody_knows = table["patient_id"] == "p5"
    table["target"] = table["target"].mask(nobody_knows)
    done = run(tmp_path, table)
    for draw in range(2):
        counts, expected = {}, []
        for patient in patients(done, draw):
            own = table[table["patient_id"] == patient]
            pairs = set(zip(own["finding"], own["target"], strict=True))
            pairs = {pair for pair in pairs if pair[1] in (0, 1)}
            for pair in pairs:
                counts[pair] = counts.get(pair, 0) + 1
            expected.append(min((counts[pair] for pair in pairs), default=None))
        here = done[done["draw"] == draw].sort_values("place")
        assert [None if pd.isna(k) else k for k in here["per_class"]] == expected
        told = CLASSES.read(tmp_path / "classes")
        keys = zip(told["finding"], told["target"], strict=True)
        assert dict(zip(keys, told["n_patients"], strict=True)) == counts
    assert done["per_class"].isna().sum() == 2


def test_nobody_without_a_drawn_picture_is_asked_for_in_a_segmentation(tmp_path):
    table = targets(30).assign(target=1.0)
    with pytest.raises(InputError, match="30 training patients with it, 0 without"):
        run(tmp_path, table)
    done = run(tmp_path, table, replace(ONE, kind="segmentation", least_patients=3))
    assert done[done["needed"]].groupby("draw").size().tolist() == [3, 3]
    with pytest.raises(InputError, match="every budget must hold 31"):
        run(tmp_path, table, replace(ONE, kind="segmentation", least_patients=31))


def test_draws_differ_and_repeat(tmp_path):
    table = targets(60)
    done = run(tmp_path, table)
    other = run(tmp_path, table, replace(ONE, seed=2))
    assert patients(done) != patients(done, 1)
    assert patients(done) != patients(other)
    assert run(tmp_path, table).equals(done)
    assert sorted(patients(done)) == sorted(table["patient_id"].unique())


def test_newcomers_come_after_those_already_there(tmp_path):
    few = run(tmp_path, targets(100))
    many = run(tmp_path, targets(150))
    again = run(tmp_path, targets(170))
    for draw in range(2):
        assert patients(many, draw)[:100] == patients(few, draw)
        assert patients(again, draw)[:150] == patients(many, draw)


def test_who_validates_is_in_no_order(tmp_path):
    table = targets(60)
    later = table["patient_id"].isin([f"p{number}" for number in range(30)])
    table["split"] = np.where(later, "validation", "train")
    assert len(patients(run(tmp_path, table))) == 30


def test_who_is_gone_leaves_no_gap_and_comes_back_to_the_same_place(tmp_path):
    table = targets(100)
    first = run(tmp_path, table)
    away = set(patients(first)[40:50])
    done = run(tmp_path, table[~table["patient_id"].isin(away)])
    assert patients(done) == [one for one in patients(first) if one not in away]
    assert done[done["draw"] == 0]["place"].tolist() == list(range(90))
    assert run(tmp_path, table).equals(first)


def test_an_edited_label_changes_no_order_but_who_is_needed(tmp_path):
    table = targets(100)
    first = run(tmp_path, table)
    head = first[first["needed"] & (first["draw"] == 0)]["patient_id"]
    ill = table["patient_id"].isin(head) & (table["finding"] == "effusion")
    healthy = table.assign(target=table["target"].mask(ill, 0.0))
    second = run(tmp_path, healthy)
    assert patients(second) == patients(first)
    here = second[second["needed"] & (second["draw"] == 0)]
    own = healthy[healthy["patient_id"].isin(here["patient_id"])]
    assert (own.groupby("finding")["target"].nunique() == 2).all()


def test_more_draws_leave_the_first_as_they_were(tmp_path):
    few = run(tmp_path, targets(50))
    run(tmp_path, targets(70), replace(ONE, draws=1))
    more = run(tmp_path, targets(70), replace(ONE, draws=3))
    for draw in range(2):
        assert patients(more, draw)[:50] == patients(few, draw)
    assert sorted(patients(more, 2)) == sorted(patients(more, 0))


def test_other_findings_and_other_patients_are_ordered_afresh(tmp_path):
    table = targets(60)
    run(tmp_path, table)
    (tmp_path / "fresh").mkdir()
    for other in (
        table[table["finding"] == "nodule"],
        targets(60, start=500),
    ):
        assert run(tmp_path, other).equals(run(tmp_path / "fresh", other))


def test_another_dataset_is_ordered_afresh_though_some_patients_are_in_both(tmp_path):
    run(tmp_path, targets(60))
    other = targets(60, start=50).assign(dataset="another of the site")
    (tmp_path / "fresh").mkdir()
    assert run(tmp_path, other).equals(run(tmp_path / "fresh", other))


def test_another_version_of_the_step_starts_afresh(tmp_path, monkeypatch):
    run(tmp_path, targets(60))
    more = targets(90)
    (tmp_path / "fresh").mkdir()
    monkeypatch.setattr(order, "VERSION", order.VERSION + 1)
    afresh = run(tmp_path, more)
    assert afresh.equals(run(tmp_path / "fresh", more))
    monkeypatch.undo()
    assert not run(tmp_path, more).equals(afresh)


def test_the_digest_of_a_memory_that_is_gone_by_is_logged(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    run(tmp_path, targets(60))
    assert "goes by" not in caplog.text
    (path,) = tmp_path.glob("remembered-*.parquet")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    run(tmp_path, targets(70))
    assert f"goes by {path.name}, 120 rows, sha256 {digest}" in caplog.text


def test_a_finding_that_too_few_have_is_refused_by_name(tmp_path):
    table = targets(40)
    ill = table[(table["finding"] == "effusion") & (table["target"] == 1)]
    n_ill = ill["patient_id"].nunique()
    with pytest.raises(InputError, match=rf"'effusion': {n_ill} training patients wi"):
        run(tmp_path, table, replace(ONE, least_patients=n_ill + 1))
    run(tmp_path, table, replace(ONE, least_patients=n_ill))
    none = table.assign(target=table["target"].mask(table["finding"] == "nodule", 0.0))
    with pytest.raises(InputError, match="'nodule': 0 training patients with it, 40"):
        run(tmp_path, none)
    every = table.assign(target=table["target"].mask(table["finding"] == "nodule", 1.0))
    with pytest.raises(InputError, match="'nodule': 40 training patients with it, 0 w"):
        run(tmp_path, every)


def test_a_damaged_memory_is_refused_by_name(tmp_path):
    run(tmp_path, targets(40))
    (path,) = tmp_path.glob("remembered-*.parquet")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"remembered-\w+\.parquet: cannot be read"):
        run(tmp_path, targets(40))

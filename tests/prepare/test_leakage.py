"""Who meets whom across a wall: the planted are found, the clean raise no alarm."""

import pandas as pd
import pytest

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.prepare import DRAWS, LEAKAGE
from workflow_scripts.prepare import leakage, ready


def everyone(*rows):
    names = ["dataset", "image_id", "patient_id", "pixels", "split"]
    return pd.DataFrame(rows, columns=names).assign(row=0)


CLEAN = (
    ("own", "i0", "ann", "px0", "train"),
    ("own", "i1", "ann", "px1", "train"),
    ("own", "i2", "bea", "px2", "validation"),
    ("own", "i3", "cem", "px3", "test"),
    ("archive", "i4", "dan", "px4", "train"),
)


def split_pairs(*more):
    table = everyone(*CLEAN, *more)
    held_out = table[table["split"] != "train"]
    return leakage._across_splits(table, held_out, [["own", "far"]])


def pool_pairs(pooled, *more):
    table = everyone(*CLEAN, *more)
    pool = pd.DataFrame({"dataset": "archive", "image_id": pooled})
    held_out = table[table["split"] != "train"]
    return leakage._across_pool("moco", pool, table, held_out)


def test_a_clean_set_raises_no_alarm():
    assert split_pairs().empty
    assert pool_pairs(["i4"]).empty


@pytest.mark.parametrize(
    ("planted", "kind"),
    [
        (("own", "i9", "ann", "px9", "test"), "patient"),
        (("own", "i9", "eve", "px0", "test"), "pixels"),
        (("own", "i9", "eve", "px0", "validation"), "pixels"),
        (("far", "i9", "ann", "px9", "test"), "patient"),
        (("far", "i9", "eve", "px2", "test"), "pixels"),
    ],
)
def test_what_stands_on_both_sides_of_a_split_is_found(planted, kind):
    pairs = split_pairs(planted)
    assert set(pairs["kind"]) == {kind}
    assert not pairs["excluded"].any()
    assert set(pairs["other_image_id"]) == {"i9"}


def test_validation_against_test_is_told_once():
    pairs = split_pairs(("own", "i9", "bea", "px9", "test"))
    assert len(pairs) == 1


@pytest.mark.parametrize(
    ("planted", "kind"),
    [
        (("archive", "i9", "cem", "px9", "train"), "patient"),
        (("archive", "i9", "eve", "px3", "train"), "pixels"),
    ],
)
def test_a_pool_that_meets_a_test_image_is_found(planted, kind):
    (pair,) = pool_pairs(["i4", "i9"], planted).to_dict("records")
    assert pair["kind"] == kind
    assert not pair["excluded"]


def test_who_was_left_out_of_the_pool_is_told_but_is_no_leak():
    planted = ("archive", "i9", "cem", "px9", "train")
    (pair,) = pool_pairs(["i4"], planted).to_dict("records")
    assert pair["excluded"]


def test_long_work_does_not_begin_over_a_leak(tmp_path):
    pairs = split_pairs(("own", "i9", "ann", "px9", "test"))
    LEAKAGE.write(pairs, tmp_path / "leakage")
    DRAWS.write(DRAWS.empty(), tmp_path / "draws")
    with pytest.raises(
        InputError,
        match="2 pairs of images cross a wall: 2 of the same patient in own and own",
    ):
        ready.main(
            leakage=tmp_path / "leakage",
            draws=[tmp_path / "draws"],
            recipe=ready.Recipe(),
            ready=tmp_path / "ready",
        )

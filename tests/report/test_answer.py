"""The answer follows the tables, favourable or not."""

import numpy as np
import pandas as pd
import pytest

from tests.report.fabricated import write_chain
from workflow_scripts.report import (
    answer,
    cohort,
    labels_needed,
    leaks,
    page,
    spreadsheets,
)
from workflow_scripts.report.verdicts import verdict
from workflow_scripts.report.words import percent, score, signed


def read(folder, strengths, **wishes):
    flags = write_chain(folder, strengths, **wishes)
    recipe = flags.pop("recipe")
    return page.read(
        recipe, {k: v if isinstance(v, list) else [v] for k, v in flags.items()}
    )


@pytest.fixture(scope="module")
def better(tmp_path_factory):
    return read(tmp_path_factory.mktemp("better"), {"random": 0.5, "moco": 1.2})


def first(material):
    return answer.answers(material)[0]


def test_a_better_encoder_is_called_better(better):
    assert "moco was better than random here" in first(better)
    assert "no difference" not in first(better)


def test_the_numbers_are_those_of_the_tables(better):
    (task,) = better.tasks
    row = task.comparisons.query(
        "finding == 'macro' and metric == 'auroc' and budget == '20' and "
        "dataset == 'clinic'"
    ).iloc[0]
    assert f"difference {signed(row['difference'])} [{signed(row['low'])}" in first(
        better
    )
    for encoder in ("random", "moco"):
        (value,) = task.results(
            encoder=encoder, finding="macro", budget="20", dataset="clinic"
        )["value"]
        assert score(value) in first(better)


def test_a_lost_comparison_is_called_lost(tmp_path):
    text = first(read(tmp_path, {"supervised": 1.2, "moco": 0.3}))
    assert "moco was worse than supervised" in text
    assert "lost" in text


def test_an_interval_that_includes_0_shows_no_difference(tmp_path):
    text = first(read(tmp_path, {"random": 0.7, "moco": 0.71}))
    assert "no difference was shown" in text
    assert "better than" not in text


def test_without_rivals_there_is_no_answer(tmp_path):
    assert "no answer yet" in first(read(tmp_path, {"random": 0.7}))


@pytest.mark.parametrize(
    ("difference", "low", "high", "p", "word"),
    [
        (0.1, 0.05, 0.15, 0.01, "better"),
        (-0.1, -0.15, -0.05, 0.01, "worse"),
        (0.1, 0.05, 0.15, 0.2, "not shown after adjustment"),
        (0.1, -0.01, 0.15, 0.01, "no difference shown"),
        (0.0, 0.0, 0.0, 1.0, "no difference shown"),
        (0.1, np.nan, np.nan, np.nan, "no difference shown"),
        (0.1, 0.05, 0.15, np.nan, "not shown after adjustment"),
    ],
)
def test_a_verdict_needs_both_the_interval_and_the_adjusted_p(
    difference, low, high, p, word
):
    row = {"difference": difference, "low": low, "high": high, "p_adjusted": p}
    assert verdict(row) == word


@pytest.mark.parametrize(
    ("reach", "n_labels", "low", "high", "told"),
    [
        ("within", 60.0, 30.0, 200.0, "60 [30, 200]"),
        ("within", 60.0, 20.0, np.inf, "60 [≤ 20, > 540]"),
        ("at_most", 20.0, 20.0, 20.0, "≤ 20"),
        ("beyond", np.nan, 200.0, np.inf, "> 540 [200, > 540]"),
        ("beyond", np.nan, np.inf, np.inf, "> 540"),
    ],
)
def test_labels_needed_never_go_beyond_the_sweep(reach, n_labels, low, high, told):
    row = {"reach": reach, "n_labels": n_labels, "low": low, "high": high}
    assert labels_needed.cost(row, 20, 540) == told


def test_every_file_found_is_counted(better):
    assert cohort.ledger(better)["files"].sum() == sum(
        len(dataset.ledger) for dataset in better.datasets
    )


def test_a_leak_is_not_passed_over_in_silence(better):
    leakage = better.leakage.assign(excluded=[True, False])
    text = leaks.blocks(leakage)[0]
    assert text.strong
    assert "1 meetings were NOT kept apart" in text.text
    assert "1 of them were left out" in text.text
    (text,) = leaks.blocks(better.leakage[:0])
    assert "nobody and no picture" in text.text
    assert leaks.pairs(better.leakage[:0]).empty


def test_what_was_kept_on_purpose_is_told_and_is_no_leak(better):
    leakage = better.leakage.assign(excluded=False, transductive=True, kind="near")
    text, grid = leaks.blocks(leakage)
    assert text.strong
    assert "2 were kept on purpose (transductive) in what moco learnt" in text.text
    assert "NOT kept apart" not in text.text
    (row,) = grid.rows
    assert row[1] == "nearly the same picture"
    assert row[-2:] == ["kept on purpose", "2"]


def test_what_was_left_out_was_seen_by_nobody(better):
    text, grid = leaks.blocks(better.leakage)
    assert not text.strong
    assert "no encoder has seen them" in text.text
    assert grid.rows[0][-2:] == ["left out", "2"]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_a_cell_that_a_spreadsheet_would_run_is_defused(cell):
    table = pd.DataFrame({cell: [cell, None], "number": [-1.0, 2.0]})
    safe = spreadsheets.defused(table)
    assert list(safe.columns) == [f"'{cell}", "number"]
    assert safe.iloc[0].tolist() == [f"'{cell}", -1.0]


def test_numbers_are_written_for_people():
    assert (score(0.84251), score(float("nan"))) == ("0.843", "–")  # noqa: RUF001
    assert signed(-0.0123) == "−0.012"  # noqa: RUF001
    assert (percent(1, 4), percent(0, 0)) == ("25.0%", "–")  # noqa: RUF001

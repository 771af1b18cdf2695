"""The three steps on files, as the rules call them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from tests.evaluate.fabricated import DATASETS, FINDINGS, predictions, write_chain
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.evaluate import COMPARISONS, EFFICIENCY, METRICS
from workflow_scripts.core.tables.finetune import PREDICTIONS, SELECTION
from workflow_scripts.core.tables.prepare import LEAKAGE
from workflow_scripts.evaluate import comparisons, efficiency, metrics

BUDGETS = ["20", "60", "100%"]
ARMS = {
    ("random", "linear_probe"): 0.5,
    ("twin", "linear_probe"): 0.5,
    ("better", "linear_probe"): 1.3,
}


def recipe(arms=ARMS, resamples=200, seed=1, count_validation=False):
    return metrics.Recipe(
        arms=[list(arm) for arm in arms],
        bootstrap=resamples,
        count_validation=count_validation,
        seed=seed,
        statistics=["auroc", "average_precision"],
    )


def run_metrics(folder, paths, choices):
    metrics.main(
        **paths,
        recipe=choices,
        metrics=folder / "metrics.parquet",
        resamples=folder / "resamples.npy",
    )
    table = METRICS.read(folder / "metrics.parquet")
    return table, np.load(folder / "resamples.npy")


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chain")
    table, resamples = run_metrics(
        folder, write_chain(folder, ARMS, BUDGETS, draws=2), recipe()
    )
    return folder, table, resamples


def one(table, **where):
    for name, value in where.items():
        table = table[table[name] == value]
    (row,) = table.to_dict("records")
    return row


BETTER = {"encoder": "better", "protocol": "linear_probe", "budget": "60"}


def test_every_row_there_should_be_is_there(chain):
    _, table, resamples = chain
    draws, metrics_ = ["0", "1", "all"], ["auroc", "average_precision"]
    expected = len(ARMS) * len(BUDGETS) * len(draws) * len(DATASETS) * 4 * len(metrics_)
    assert len(table) == expected == len(resamples)
    assert resamples.shape[1] == 200
    assert resamples.dtype == np.float32


@pytest.mark.parametrize(
    ("name", "function"),
    [("auroc", roc_auc_score), ("average_precision", average_precision_score)],
)
def test_the_value_is_sklearns(chain, name, function):
    _, table, _ = chain
    rows = predictions(1.3, BUDGETS, 2)
    values = []
    for finding in FINDINGS:
        mine = rows[
            (rows["budget"] == "60")
            & (rows["draw"] == 1)
            & (rows["dataset"] == "elsewhere")
            & (rows["finding"] == finding)
            & rows["target"].notna()
        ]
        where = BETTER | {"dataset": "elsewhere", "metric": name, "draw": "1"}
        row = one(table, **where, finding=finding)
        values.append(row["value"])
        assert row["value"] == pytest.approx(function(mine["target"], mine["score"]))
        assert row["n_positive"] == (mine["target"] == 1).sum()
        assert row["n_negative"] == (mine["target"] == 0).sum()
        assert row["n_patients"] == mine["patient_id"].nunique()
        assert row["low"] < row["value"] < row["high"]
    macro = one(table, **where, finding="macro")
    assert macro["value"] == pytest.approx(np.mean(values))


def test_all_draws_together_are_their_mean(chain):
    _, table, _ = chain
    where = BETTER | {"dataset": "clinic", "metric": "auroc", "finding": "macro"}
    each = [one(table, **where, draw=draw)["value"] for draw in ("0", "1")]
    assert one(table, **where, draw="all")["value"] == pytest.approx(np.mean(each))


def test_labels_come_from_the_selection_of_that_budget(chain):
    _, table, _ = chain
    found = table.groupby("budget")["n_labels"].unique().map(list).to_dict()
    assert found == {"20": [20], "60": [60], "100%": [180]}


def test_labels_that_chose_are_counted_where_that_is_asked_for(tmp_path):
    paths = write_chain(tmp_path, ARMS, BUDGETS, draws=2)
    table, _ = run_metrics(tmp_path, paths, recipe(count_validation=True))
    found = table.groupby("budget")["n_labels"].unique().map(list).to_dict()
    assert found == {"20": [20 + 30], "60": [60 + 30], "100%": [180 + 30]}


def test_it_is_said_how_many_validation_images_chose(tmp_path):
    paths = write_chain(tmp_path, ARMS, BUDGETS, draws=2)
    for path in paths["selections"]:
        table = SELECTION.read(path)
        few = table["budget"] == BUDGETS[0]
        table["n_choosing"] = np.where(few & (table["draw"] == 0), 0, 30)
        SELECTION.write(table, path)
    table, _ = run_metrics(tmp_path, paths, recipe())
    found = table.groupby(["budget", "draw"])["n_choosing"].unique().map(list)
    assert found["20"].to_dict() == {"0": [0], "1": [30], "all": [15]}
    assert found["60"].to_dict() == {"0": [30], "1": [30], "all": [30]}


def test_the_cost_of_a_classifier_is_that_of_all_that_was_tried(tmp_path):
    paths = write_chain(tmp_path, ARMS, BUDGETS, draws=2)
    for path in paths["selections"]:
        table = SELECTION.read(path)
        table["steps"] = np.where(table["draw"] == 0, 10, 7)  # of each of two settings
        SELECTION.write(table, path)
    table, _ = run_metrics(tmp_path, paths, recipe())
    by_draw = table.groupby("draw")[["n_tried", "n_steps"]]
    found = {draw: part.drop_duplicates().to_numpy() for draw, part in by_draw}
    assert {draw: rows.tolist() for draw, rows in found.items()} == {
        "0": [[2, 20]],
        "1": [[2, 14]],
        "all": [[4, 34]],
    }


def test_the_resamples_belong_to_their_rows(chain):
    _, table, resamples = chain
    low, high = np.nanpercentile(resamples, [2.5, 97.5], axis=1)
    assert table["low"].to_numpy() == pytest.approx(low, abs=1e-6)
    assert table["high"].to_numpy() == pytest.approx(high, abs=1e-6)


def test_the_same_seed_gives_the_same_numbers(chain, tmp_path):
    _, table, resamples = chain
    paths = write_chain(tmp_path, ARMS, BUDGETS, draws=2)
    path = paths["predictions"][1]
    shuffled = PREDICTIONS.read(path).sample(frac=1, random_state=3)
    PREDICTIONS.write(shuffled, path)
    again, resampled = run_metrics(tmp_path, paths, recipe())
    keys = list(METRICS.key)
    pd.testing.assert_frame_equal(
        table.sort_values(keys, ignore_index=True),
        again.sort_values(keys, ignore_index=True),
    )
    assert np.sort(resamples.ravel()) == pytest.approx(np.sort(resampled.ravel()))
    other, _ = run_metrics(tmp_path, paths, recipe(seed=2))
    assert (other["value"] == again["value"]).all()
    assert (other["low"] != again["low"]).any()


def test_an_encoder_compared_with_itself_differs_by_0(chain):
    folder, _, _ = chain
    comparisons.main(
        metrics=folder / "metrics.parquet",
        resamples=folder / "resamples.npy",
        recipe=comparisons.Recipe(baseline="random"),
        comparisons=folder / "comparisons.parquet",
    )
    table = COMPARISONS.read(folder / "comparisons.parquet")
    twin = table[table["encoder"] == "twin"]
    assert len(twin) == len(BUDGETS) * len(DATASETS) * 4 * 2
    assert (twin[["difference", "low", "high"]] == 0).all(axis=None)
    assert (twin[["p", "p_adjusted"]] == 1).all(axis=None)


def test_a_better_encoder_is_found(chain):
    _, table, resamples = chain
    found = comparisons.compare(table, resamples, "random")
    better = found[(found["encoder"] == "better") & (found["finding"] == "macro")]
    assert (better["low"] > 0).all()
    assert better["p"].to_numpy() == pytest.approx(2 / 201)
    assert better["test"].str.contains("200 resamples; Holm over 6 tests").all()
    worse = comparisons.compare(table, resamples, "better")
    worse = worse[(worse["encoder"] == "random") & (worse["finding"] == "macro")]
    assert (worse["high"] < 0).all()


def test_holm_equals_hand_computation():
    pairs = pd.DataFrame(
        {
            "finding": ["macro"] * 4 + ["effusion"],
            "metric": "auroc",
            "dataset": ["clinic", "clinic", "clinic", "elsewhere", "clinic"],
            "p": [0.01, 0.04, 0.03, 0.02, 0.5],
        }
    )
    adjusted = comparisons._adjusted(pairs, 2000)
    # clinic, macro: 3 x 0.01; 2 x 0.03; the next may not be smaller
    expected = [0.03, 0.06, 0.06, 0.02, 0.5]
    assert adjusted["p_adjusted"].to_list() == pytest.approx(expected)


def test_p_is_never_0_and_never_above_1():
    assert comparisons.two_sided(np.ones(99)) == pytest.approx(0.02)
    assert comparisons.two_sided(np.zeros(99)) == 1
    assert comparisons.two_sided(np.array([1.0] * 97 + [-1.0] * 2)) == 0.06
    assert np.isnan(comparisons.two_sided(np.full(3, np.nan)))


def test_the_better_encoder_needs_fewer_labels(chain):
    folder, _, _ = chain
    efficiency.main(
        metrics=folder / "metrics.parquet",
        resamples=folder / "resamples.npy",
        recipe=efficiency.Recipe(baseline="random", metric="auroc"),
        efficiency=folder / "efficiency.parquet",
    )
    table = EFFICIENCY.read(folder / "efficiency.parquet")
    table = table[
        (table["reached_by"] == "random at 100%") & (table["finding"] == "macro")
    ]
    assert (table.loc[table["encoder"] == "better", "equivalent"] > 1).all()
    same = table[table["encoder"] != "better"]
    assert same["equivalent"].to_numpy() == pytest.approx(np.ones(len(same)))


def test_nothing_is_evaluated_over_a_leak(tmp_path):
    paths = write_chain(tmp_path, dict(list(ARMS.items())[:1]), BUDGETS, draws=1)
    pair = {
        "wall": "pool",
        "kind": "patient",
        "dataset": "clinic",
        "image_id": ["a", "b"],
        "split": "test",
        "other_dataset": "archive",
        "other_image_id": "c",
        "other_split": "train",
        "encoder": "moco",
        "excluded": [True, False],
        "transductive": False,
    }
    LEAKAGE.write(pd.DataFrame(pair), paths["leakage"])
    with pytest.raises(InputError, match="1 pairs"):
        run_metrics(tmp_path, paths, recipe(dict(list(ARMS.items())[:1])))


def test_arms_tested_on_other_images_are_refused(tmp_path):
    paths = write_chain(tmp_path, ARMS, BUDGETS, draws=1)
    rows = PREDICTIONS.read(paths["predictions"][2])
    PREDICTIONS.write(rows[rows["image_id"] != "clinic-0"], paths["predictions"][2])
    with pytest.raises(InputError, match="other images"):
        run_metrics(tmp_path, paths, recipe())


def test_few_test_patients_are_warned_of(tmp_path, caplog):
    arms = dict(list(ARMS.items())[:1])
    paths = write_chain(tmp_path, arms, ["20"], draws=1, datasets={"tiny": 30})
    run_metrics(tmp_path, paths, recipe(arms))
    assert "only 30 test patients" in caplog.text


def test_a_finding_without_positives_has_no_value_and_is_not_in_macro(tmp_path):
    arms = dict(list(ARMS.items())[:1])
    paths = write_chain(tmp_path, arms, ["20"], draws=2, datasets={"clinic": 80})
    rows = PREDICTIONS.read(paths["predictions"][0])
    rows.loc[(rows["finding"] == "effusion") & (rows["target"] == 1), "target"] = 0
    PREDICTIONS.write(rows, paths["predictions"][0])
    table, resamples = run_metrics(tmp_path, paths, recipe(arms))
    where = {"draw": "0", "metric": "auroc"}
    absent = one(table, **where, finding="effusion")
    assert np.isnan([absent["value"], absent["low"], absent["high"]]).all()
    others = [one(table, **where, finding=FINDINGS[i])["value"] for i in (0, 2)]
    assert one(table, **where, finding="macro")["value"] == pytest.approx(
        np.mean(others)
    )
    assert comparisons.compare(table, resamples, "random").empty
    assert "effusion" not in set(
        efficiency.needed(table, resamples, "random", "auroc")["finding"]
    )

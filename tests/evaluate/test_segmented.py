"""The three steps on a segmentation: its scores are Dice of each image."""

import numpy as np
import pytest

from tests.evaluate.fabricated import write_chain
from tests.evaluate.test_steps import ARMS, BUDGETS, run_metrics
from workflow_scripts.core.tables.evaluate import EFFICIENCY
from workflow_scripts.core.tables.finetune import PREDICTIONS
from workflow_scripts.evaluate import comparisons, efficiency, metrics


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """Of all made-up predictions those of one finding, drawn in every image."""
    folder = tmp_path_factory.mktemp("segmented")
    paths = write_chain(folder, ARMS, BUDGETS, draws=2)
    for strength, path in zip(ARMS.values(), paths["predictions"], strict=True):
        rows = PREDICTIONS.read(path)
        rows = rows[rows["finding"] == "effusion"].assign(finding="lungs", target=1.0)
        place = rows["budget"].map({name: n for n, name in enumerate(BUDGETS)})
        noise = np.random.default_rng(round(100 * strength)).random(len(rows))
        rows["score"] = 0.6 + 0.15 * strength + 0.05 * place + 0.05 * noise
        PREDICTIONS.write(rows, path)
    recipe = metrics.Recipe(
        arms=[list(arm) for arm in ARMS],
        bootstrap=100,
        count_validation=False,
        seed=1,
        statistics=["dice"],
    )
    table, resamples = run_metrics(folder, paths, recipe)
    return folder, paths, table, resamples


def test_the_value_is_the_mean_dice_of_the_images(chain):
    _, paths, table, _ = chain
    assert set(table["metric"]) == {"dice"}
    rows = PREDICTIONS.read(paths["predictions"][0])
    rows = rows[(rows["dataset"] == "clinic") & (rows["budget"] == "60")]
    mine = table[(table["encoder"] == "random") & (table["dataset"] == "clinic")]
    mine = mine[(mine["budget"] == "60") & (mine["finding"] == "lungs")]
    values = mine.set_index("draw")["value"]
    for draw, each in rows.groupby("draw"):
        assert values[str(draw)] == pytest.approx(each["score"].mean())
    assert values["all"] == pytest.approx(rows["score"].mean())
    assert (mine["low"] <= mine["value"]).all()
    assert (mine["value"] <= mine["high"]).all()
    assert (mine["n_negative"] == 0).all()
    assert (mine["n_positive"] == len(rows) / 2).all()


def test_the_better_encoder_is_found_and_its_labels_are_counted(chain):
    folder, _, table, resamples = chain
    found = comparisons.compare(table, resamples, "random")
    better = found[(found["encoder"] == "better") & (found["finding"] == "macro")]
    assert (better["low"] > 0).all()
    efficiency.main(
        metrics=folder / "metrics.parquet",
        resamples=folder / "resamples.npy",
        recipe=efficiency.Recipe(baseline="random", metric="dice"),
        efficiency=folder / "efficiency.parquet",
    )
    needed = EFFICIENCY.read(folder / "efficiency.parquet")
    assert set(needed["metric"]) == {"dice"}
    last = needed[needed["reached_by"] == "random at 100%"]
    assert (last.loc[last["encoder"] == "better", "reach"] == "at_most").all()

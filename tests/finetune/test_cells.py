"""A classifier is trained once: a new draw trains its own, a killed job goes on."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

from tests.finetune.problems import FINDINGS, problem
from workflow_scripts.core import entry, workspace
from workflow_scripts.core.provenance import sha256, sidecar
from workflow_scripts.core.tables.finetune import SELECTION
from workflow_scripts.core.tables.prepare import DRAWS, TARGETS
from workflow_scripts.core.tables.prepare_pixels import STORE
from workflow_scripts.finetune import fit, probe, protocols
from workflow_scripts.finetune.problems import Recipe
from workflow_scripts.plan import families
from workflow_scripts.plan import names as plan

N, N_TRAINING = 48, 32
LITTLE = {"steps": 2, "batch_size": 8, "learning_rates": [0.01], "checks": 1}
OPTIONS = {
    "fine_tune": LITTLE | {"weight_decay": 0.0, "layer_decay": 1.0, "patience": 0},
    "linear_probe": {"penalties": [1, 100]},
    "knn": {"neighbours": [1, 5]},
}


def names(number):
    return f"image-{number:02d}"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The inputs of both steps; each image is a patient of its own."""
    monkeypatch.chdir(tmp_path)
    given = problem(tmp_path, n=N)
    np.save("features.npy", given.images.features)
    images = [names(number) for number in range(N)]
    split = ["train"] * N_TRAINING + ["validation"] * (N - N_TRAINING)
    wide = pd.DataFrame(given.targets, columns=FINDINGS).assign(
        dataset="own", image_id=images, patient_id=images, split=split
    )
    kept = ["dataset", "image_id", "patient_id", "split"]
    long = wide.melt(kept, var_name="finding", value_name="target")
    TARGETS.write(long, Path("targets.parquet"))
    store = Path("own/store")
    store.mkdir(parents=True)
    (store / "0.u8").write_bytes(given.images.pixels.tobytes())
    zeros = {name: 0 for name in STORE.columns if name.startswith("box")}
    table = pd.DataFrame({"image_id": images, "row": range(N)}).assign(
        **zeros, shard=0, mask_quality=np.nan, crop="whole"
    )
    STORE.write(table, store / "images.parquet")
    return tmp_path


def draw_patients(budget, draws, path):
    """The first `budget` patients of as many orders as there are `draws`."""
    parts = [
        pd.DataFrame({"patient_id": map(names, order[:budget])}).assign(draw=number)
        for number, order in enumerate(
            np.random.default_rng(number).permutation(N_TRAINING)
            for number in range(draws)
        )
    ]
    DRAWS.write(pd.concat(parts).assign(budget=str(budget)), path)


def arguments(protocol, **wildcards):
    choices = Recipe(
        protocol=protocol,
        options=OPTIONS[protocol],
        kind="multilabel",
        findings=FINDINGS,
        positive_weights=False,
        cross_validate_below=0,
        size_px=32,
        seed=1,
    )
    recipe = {"rule": "finetune", "wildcards": wildcards, "choices": vars(choices)}
    files = {
        "encoder": "encoder.safetensors",
        "card": "encoder.json",
        "features": "features.npy",
        "development": "targets.parquet",
        "stores": "own/store/0.u8",
        "rows": "own/store/images.parquet",
        "recipe": json.dumps(recipe | {"code": [], "pins": ""}),
    }
    flags = [word for name, value in files.items() for word in (f"--{name}", value)]
    return [*flags, "--masks"]


OUT = Path("out")
CLASSIFIERS, SELECTED = OUT / "classifiers.safetensors", OUT / "selection.parquet"


def fit_cells(draws, budget=16, protocol="fine_tune", **wildcards):
    """Run the step as Snakemake does; return tensors and table."""
    for path in (CLASSIFIERS, SELECTED):
        path.unlink(missing_ok=True)
    draw_patients(budget, draws, Path("draw.parquet"))
    given = [*arguments(protocol, **wildcards), "--draw", "draw.parquet"]
    out = ["--classifiers", str(CLASSIFIERS), "--selection", str(SELECTED)]
    entry.run(fit.main, [*given, *out])
    return load_file(CLASSIFIERS), SELECTION.read(SELECTED)


def told(capsys):
    """Return which draws were trained, as the log says."""
    lines = capsys.readouterr().err.splitlines()
    head = [line.partition("INFO ")[2] for line in lines if "to train" in line]
    return head, sum("Tried(" in line for line in lines)


def same(ours, others, draw):
    start = f"draw-{draw}/"
    keys = [key for key in ours if key.startswith(start)]
    assert keys
    assert keys == [key for key in others if key.startswith(start)]
    return all(ours[key].tobytes() == others[key].tobytes() for key in keys)


def test_one_more_draw_trains_its_own_classifier_only(folder, capsys):
    before, tried = fit_cells(draws=2)
    assert told(capsys) == (["draws none: as before; 2 to train"], 2)
    after, more = fit_cells(draws=3)
    assert told(capsys) == (["draws 0, 1: as before; 1 to train"], 1)
    assert same(before, after, 0)
    assert same(before, after, 1)
    pd.testing.assert_frame_equal(tried, more[more["draw"] < 2])
    assert set(more["draw"]) == {0, 1, 2}
    # what was taken and what was trained is what a run from nothing gives
    files = CLASSIFIERS.read_bytes(), SELECTED.read_bytes()
    shutil.rmtree(workspace.CHECKPOINTS)
    fit_cells(draws=3)
    assert (CLASSIFIERS.read_bytes(), SELECTED.read_bytes()) == files
    assert [path.name for path in workspace.CHECKPOINTS.iterdir()] == ["finished"]


def test_one_draw_less_trains_nothing(folder, capsys):
    before, _ = fit_cells(draws=3)
    told(capsys)
    after, tried = fit_cells(draws=2)
    assert told(capsys) == (["draws 0, 1: as before; 0 to train"], 0)
    assert set(tried["draw"]) == {0, 1}
    assert same(before, after, 1)


def test_draws_of_the_same_patients_are_cells_of_their_own(folder, capsys):
    after, tried = fit_cells(draws=2, budget=N_TRAINING)
    assert told(capsys)[1] == 2
    assert tried["cell"].nunique() == 2
    assert not same(
        after, {key.replace("draw-1/", "draw-0/"): v for key, v in after.items()}, 0
    )


def test_a_draw_of_other_patients_is_trained_again(folder, capsys):
    fit_cells(draws=2)
    told(capsys)
    fit_cells(draws=2, budget=17)
    assert told(capsys) == (["draws none: as before; 2 to train"], 2)


@pytest.mark.parametrize("changed", ["encoder.safetensors", "targets.parquet"])
def test_where_anything_else_changes_all_is_trained_again(folder, capsys, changed):
    fit_cells(draws=2)
    told(capsys)
    if changed == "targets.parquet":
        table = TARGETS.read(Path(changed))
        TARGETS.write(table.assign(target=1 - table["target"]), Path(changed))
    else:
        weights = bytearray(Path(changed).read_bytes())
        weights[-1] ^= 1
        Path(changed).write_bytes(weights)
    fit_cells(draws=3)
    assert told(capsys) == (["draws none: as before; 3 to train"], 3)


def test_another_recipe_takes_nothing_over(folder, capsys):
    fit_cells(draws=2)
    told(capsys)
    fit_cells(draws=3, budget_in_words="other")
    assert told(capsys) == (["draws none: as before; 3 to train"], 3)


@pytest.mark.parametrize("number", [0, 1])
def test_what_was_published_before_and_is_garbled_is_trained_anew(
    folder, capsys, number
):
    before, _ = fit_cells(draws=2)
    (kept,) = workspace.FINISHED.glob(f"*/{number}-*[st]")  # no sidecar ends so
    data = bytearray(kept.read_bytes())
    data[len(data) // 2] ^= 1
    kept.unlink()
    kept.write_bytes(data)
    told(capsys)
    after, _ = fit_cells(draws=3)
    assert told(capsys) == (["draws none: as before; 3 to train"], 3)
    assert same(before, after, 0)


def test_a_table_of_an_older_version_is_no_hindrance(folder, capsys):
    fit_cells(draws=2)
    (kept,) = workspace.FINISHED.glob("*/1-selection.parquet")
    pd.read_parquet(kept).drop(columns="cell").to_parquet(kept)
    known = json.loads(sidecar(kept).read_text())
    known |= {"bytes": kept.stat().st_size, "sha256": sha256(kept)}
    sidecar(kept).write_text(json.dumps(known))
    told(capsys)
    fit_cells(draws=3)
    assert told(capsys) == (["draws none: as before; 3 to train"], 3)


def test_a_killed_job_goes_on_even_if_a_draw_was_added_since(
    folder, capsys, monkeypatch
):
    undisturbed, _ = fit_cells(draws=3)
    shutil.rmtree(workspace.CHECKPOINTS)
    real = fit.trained

    def killed_at_the_last(cell, *rest):
        if cell.number == 1:
            raise KeyboardInterrupt
        return real(cell, *rest)

    monkeypatch.setattr(fit, "trained", killed_at_the_last)
    with pytest.raises(KeyboardInterrupt):
        fit_cells(draws=2)
    monkeypatch.setattr(fit, "trained", real)
    told(capsys)
    after, _ = fit_cells(draws=3)
    assert told(capsys) == (["draws 0: as before; 2 to train"], 2)
    assert all(same(undisturbed, after, draw) for draw in range(3))


@pytest.fixture(params=["linear_probe", "knn"])
def together(request):
    return request.param


def probe_cells(protocol, budgets, draws):
    """Run the step; return for each budget its tensors and table."""
    folders = [OUT / str(budget) for budget in budgets]
    paths = [Path(f"draw-{budget}.parquet") for budget in budgets]
    for budget, path in zip(budgets, paths, strict=True):
        draw_patients(budget, draws, path)
    classifiers = [folder / "classifiers.safetensors" for folder in folders]
    selections = [folder / "selection.parquet" for folder in folders]
    given = {"draws": paths, "classifiers": classifiers, "selections": selections}
    flags = [w for k, v in given.items() for w in (f"--{k}", *map(str, v))]
    entry.run(probe.main, [*arguments(protocol), *flags])
    pairs = zip(classifiers, selections, strict=True)
    return {
        budget: (load_file(weights), SELECTION.read(table))
        for budget, (weights, table) in zip(budgets, pairs, strict=True)
    }


def test_solved_together_each_is_what_it_is_alone(folder, together):
    found = probe_cells(together, [6, 16, N_TRAINING], draws=2)
    for budget, (weights, tried) in found.items():
        alone, as_alone = fit_cells(2, budget, together)
        assert same(weights, alone, 0)
        assert same(weights, alone, 1)
        assert set(tried["budget"]) == {str(budget)}
        assert tried["cell"].isna().all()
        pd.testing.assert_frame_equal(
            tried.drop(columns="cell"), as_alone.drop(columns="cell")
        )


def test_another_draw_or_budget_changes_no_bit_of_the_others(folder, together):
    few = probe_cells(together, [6], draws=1)
    many = probe_cells(together, [3, 6, N_TRAINING], draws=3)
    assert same(few[6][0], many[6][0], 0)
    assert few[6][1].equals(many[6][1].query("draw == 0"))


@pytest.mark.parametrize("name", families.members("protocol"))
def test_the_plan_knows_which_protocols_are_solved_together(name):
    said = families.has("protocol", name, "fit_each")
    assert said == hasattr(protocols.load(name), "fit_each")
    config = {"sweep": {"protocols": [name]}}
    assert plan.protocols(config, together=said) == [name]
    assert plan.protocols(config, together=not said) == []


def test_draws_trained_side_by_side_are_those_trained_in_turn(folder, monkeypatch):
    in_turn, _ = fit_cells(3)
    monkeypatch.setattr(fit.torch, "get_num_threads", lambda: 2)
    beside, _ = fit_cells(3, other="job")
    assert in_turn.keys() == beside.keys()
    for key, value in in_turn.items():
        np.testing.assert_array_equal(value, beside[key])

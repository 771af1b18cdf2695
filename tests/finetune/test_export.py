"""A classifier is handed over whole: it says elsewhere what it says here."""

import pkgutil
import re
from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd
import pytest
import torch
from scipy.special import expit, softmax

from tests.finetune.exported import (
    PREPROCESSING,
    SIDE,
    Cell,
    selection,
    written_store,
)
from workflow_scripts.core import encoders
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.finetune import APPLIED
from workflow_scripts.core.tables.ingest import IMAGES, LEDGER
from workflow_scripts.core.tables.prepare import TARGETS
from workflow_scripts.finetune import (
    apply,
    calibration,
    classifier,
    described,
    export,
    kinds,
    onnx_graph,
    protocols,
)

PAGE = (Path(__file__).parents[2] / "docs" / "predict.md").read_text()
CELLS = [  # protocol, kind, encoder: every network, every kind, maps and tokens
    ("linear_probe", "ordinal", "test_resnet"),
    ("linear_then_fine_tune", "ordinal", "test_vit"),
    ("attentive_probe", "multilabel", "test_vit"),
    ("attentive_probe", "multiclass", "test_resnet"),
]


@pytest.fixture(scope="module", params=CELLS, ids=" ".join)
def cell(request, tmp_path_factory):
    made = Cell(tmp_path_factory.mktemp("cell"), *request.param)
    made.out, made.told = made.exported()
    return made


def exported_scores(cell, pixels):
    """Load what was exported, and ask it."""
    found = classifier.load(cell.out["weights"], cell.out["description"])
    return classifier.scores_of(found.network, found.card, pixels, found.asked)


def test_what_is_loaded_says_what_the_protocol_says(cell):
    draw = cell.told["labels"]["draw"]
    assert draw == 1  # 0.8 beats 0.7; the 0.9 was not chosen
    wanted = cell.protocol.score(cell.weights[draw], cell.images, cell.asked)
    other = cell.protocol.score(cell.weights[0], cell.images, cell.asked)
    found = exported_scores(cell, cell.pixels)
    assert found.std(axis=0).min() > 0.001
    assert np.abs(found - wanted).mean() < 0.02  # of bfloat16
    assert np.abs(found - other).mean() > 0.04


def test_the_graph_takes_any_number_of_grey_images_and_says_the_same(cell):
    session = onnxruntime.InferenceSession(cell.out["onnx"])
    lines = [one["calibration"] for one in cell.told["findings"]]
    for n in (1, 2, 7):
        grey = cell.pixels[:n, None].astype(np.float32) / 255
        logits, scores, chances = session.run(None, {"images": grey})
        assert np.allclose(scores, exported_scores(cell, cell.pixels[:n]), atol=1e-4)
        whole = cell.recipe.kind == "multiclass"
        said = softmax(logits.astype(float), axis=1) if whole else expit(logits)
        assert np.allclose(scores, said, atol=1e-6)
        odds = np.log(said / (1 - said))
        wanted = [
            expit(x["slope"] * z + x["intercept"])
            for x, z in zip(lines, odds.T, strict=True)
        ]
        assert np.allclose(chances.T, wanted, atol=1e-5)
    parity = cell.told["onnx"]["parity"]
    assert parity["images"] == {"generated": 8, "validation": 40}
    assert parity["max_difference"]["validation"]["calibrated"] < parity["tolerance"]


def test_thresholds_and_calibration_are_of_the_validation_images_alone(cell):
    scores, targets = exported_scores(cell, cell.pixels[20:60]), cell.targets[20:60]
    for column, told in enumerate(cell.told["findings"]):
        target = targets[:, column]
        assert told["finding"] == cell.asked.findings[column]
        assert told["validation"]["n_present"] == (target == 1).sum()
        line = calibration.platt(calibration.log_odds(scores[:, column]), target)
        assert told["calibration"]["slope"] == pytest.approx(line.slope, rel=1e-3)
        for kind, least in (("youden", 0), ("sensitive", 0.9)):
            cut = told["thresholds"][kind]
            above = scores[:, column] >= cut["threshold"]
            assert above[target == 1].mean() == cut["sensitivity"] >= least
            assert (~above)[target == 0].mean() == cut["specificity"]


def test_the_description_says_how_images_are_made_and_whose_weights_these_are(cell):
    told = cell.told
    assert told["preprocessing"] == PREPROCESSING
    assert told["kind"] == cell.recipe.kind
    assert told["labels"]["budget"] == "100%"
    assert told["labels"]["validation_score_of_draws"] == {"0": 0.7, "1": 0.8}
    assert told["labels"]["chosen_by"] == "validation"
    assert set(told["sha256"]) >= {"classifier.safetensors", "classifier.onnx"}
    assert told["licence"]["of_those_weights"]


def applied(cell, folder, n):
    """Run the step on the first `n` images, under other names; return its table."""
    names = [f"new{n - place}" for place in range(n)]
    store, rows = written_store(folder / "new" / "store", cell.pixels[:n], names)
    blank = {name: None for name, c in IMAGES.columns.items() if not c.required}
    known = {n: "x" if c.dtype == "string" else 1 for n, c in IMAGES.columns.items()}
    images = pd.DataFrame([{**known, **blank, "image_id": n} for n in names])
    IMAGES.write(images, folder / "images.parquet")
    files = pd.DataFrame(
        [("f", "accepted", "ok", pd.NA), ("g", "excluded", "lateral", pd.NA)],
        columns=list(LEDGER.columns),
    )
    LEDGER.write(files, folder / "ledger.parquet")
    apply.main(
        weights=cell.out["weights"],
        description=cell.out["description"],
        ledger=folder / "ledger.parquet",
        images=folder / "images.parquet",
        stores=[store],
        rows=rows,
        recipe=apply.Recipe(dataset="new", size_px=SIDE),
        predictions=folder / "predictions.parquet",
    )
    return names, APPLIED.read(folder / "predictions.parquet")


def test_new_images_get_a_row_for_each_finding(cell, tmp_path):
    names, found = applied(cell, tmp_path, 5)
    findings = cell.asked.findings
    assert list(found["image_id"]) == sorted(names) * len(findings)
    wide = found.pivot_table(index="image_id", columns="finding", values="score")
    wanted = exported_scores(cell, cell.pixels[:5])
    assert np.allclose(wide.loc[names, findings], wanted, atol=1e-6)
    for told in cell.told["findings"]:
        mine = found[found["finding"] == told["finding"]]
        above = mine["score"] >= told["thresholds"]["youden"]["threshold"]
        assert (mine["above_youden"] == above).all()
    likely = found.set_index(["image_id", "finding"])["most_likely"]
    if cell.recipe.kind == "multiclass":
        highest = wide.eq(wide.max(axis=1), axis=0)
        assert [highest.loc[place] for place in likely.index] == list(likely == 1)
    else:
        assert likely.isna().all()


@torch.no_grad()
def test_the_code_of_the_page_says_the_same_with_timm_and_torch_alone(
    cell, monkeypatch
):
    monkeypatch.chdir(cell.folder)
    loading, linear, gathering = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names = {"images": encoders.normalised(torch.from_numpy(cell.pixels), cell.card)}
    exec(loading, names)
    protocol, kind = cell.recipe.protocol, cell.recipe.kind
    if kind == "ordinal" and protocol != "linear_probe":
        bias = names["weights"]["classifier.bias"]
        bias.copy_(bias.sort(descending=True).values)
    exec(gathering if protocol == "attentive_probe" else linear, names)
    logits = names["logits"].double().numpy()
    said = softmax(logits, axis=1) if kind == "multiclass" else expit(logits)
    wanted = cell.asked.kind.coherent(said)
    assert np.allclose(exported_scores(cell, cell.pixels), wanted, atol=1e-5)


def test_no_test_image_is_seen(cell):
    """The store holds them, as a store does; the targets do not name them."""
    files = cell.files["stores"], cell.files["rows"]
    targets = TARGETS.read(cell.files["development"])
    seen = export.validation(targets, *files, cell.recipe)
    assert np.array_equal(seen.pixels, cell.pixels[20:60])
    assert np.array_equal(seen.targets, cell.targets[20:60])


def test_a_graph_that_says_something_else_is_refused(cell):
    network = cell.protocol.assembled(cell.weights[0], cell.encoder, cell.asked)
    lines = [None] * len(cell.asked.findings)
    whole = onnx_graph.Whole(network, cell.card, cell.asked.kind, lines)
    with pytest.raises(InputError, match="onnxruntime and torch differ"):
        onnx_graph.parity(whole, cell.pixels[:4], 0, cell.out["onnx"])


def test_weights_of_another_network_are_refused(cell):
    weights = dict(cell.weights[0])
    weights.popitem()
    weights["more"] = np.ones(3)
    with pytest.raises(InputError, match="weights of another network"):
        cell.protocol.assembled(weights, cell.encoder, cell.asked)


def test_every_protocol_is_handed_over_or_says_that_it_keeps_images():
    for module in pkgutil.iter_modules(protocols.__path__):
        held = protocols.load(module.name)
        assert hasattr(held, "assembled") != getattr(held, "KEEPS_IMAGES", False)


def test_every_kind_of_yes_and_no_has_its_score_in_words():
    names = [module.name for module in pkgutil.iter_modules(kinds.__path__)]
    assert {n for n in names if not kinds.load(n).PIXELS} == set(described.SCORES)


# --- which draw


def test_draws_without_any_known_score_are_exported_too():
    best = export.liked_best(selection([(3, np.nan, 1)]))
    assert best["draw"] == 3
    assert best["validation_score"] == {3: None}


def test_what_was_chosen_for_all_findings_is_what_counts():
    """A probe on the way to a fine-tune says nothing of the classifier."""
    rows = [(0, 0.99, 1), (0, 0.6, 1), (1, 0.5, 1), (1, 0.7, 1)]
    frame = selection(rows, finding=["left", "all", "left", "all"])
    best = export.liked_best(frame)
    assert best["draw"] == 1
    assert best["validation_score"] == {0: 0.6, 1: 0.7}


def test_the_description_says_who_chose():
    draw = export.liked_best(selection([(0, 0.8, 1)], chosen_by="folds"))
    assert draw["chosen_by"] == "folds"
    assert "budget does not count" in export.CHOSEN[draw["chosen_by"]]

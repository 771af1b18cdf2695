"""No job that trains or chooses reads a test row: poison there changes nothing."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from tests.workflow.conftest import copied
from workflow_scripts.core.provenance import sha256, sidecar
from workflow_scripts.core.tables.ingest import LABELS
from workflow_scripts.core.tables.prepare import TARGETS
from workflow_scripts.core.tables.prepare_pixels import STORE

pytestmark = pytest.mark.slow

EXPORT = "results/exports/chest/moco/linear_probe/8/classifier.safetensors"
RANKING = "results/finetune/chest/ranking.parquet"
TRAINING = {
    *("pretrain_fit", "finetune_fit", "finetune_probe", "finetune_rank"),
    *("finetune_export", "finetune_features", "prepare_order", "prepare_draw"),
}
PROTOCOLS = ("fine_tune", "linear_probe")
UNSEEN = re.compile(r"/targets/test\.|/features\.test\.|/predictions\.|/evaluate/")


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    """Rule, inputs and outputs of all jobs of a plan that ranks and exports too."""
    flow = copied(tmp_path_factory.mktemp("plan") / "flow")
    asked = "curriculum: {stages: [moco, gmml], task: chest}\nreport:"
    flow.edit("tiny.yaml", "report:", asked)
    text = flow.run("--dry-run", "all", RANKING, EXPORT)
    found = re.findall(r"^(?:local)?rule (\w+):\n((?:    .*\n)*)", text, re.M)
    return [(rule, files(body, "input"), files(body, "output")) for rule, body in found]


def files(body, word):
    line = re.search(rf"^    {word}: (.*)$", body, re.M)
    return set(line[1].split(", ")) if line else set()


def scores_new_test_images(outputs):
    return any("/features.test." in path for path in outputs)


def test_no_job_that_trains_has_a_test_file_among_its_inputs(jobs):
    assert {rule for rule, *_ in jobs} >= {*TRAINING, "finetune_predict"}
    training = [
        (rule, inputs)
        for rule, inputs, outputs in jobs
        if rule in TRAINING and not scores_new_test_images(outputs)
    ]
    assert {rule for rule, _ in training} == TRAINING
    assert not [path for _, paths in training for path in paths if UNSEEN.search(path)]
    readers = {rule for rule, inputs, _ in jobs if any(map(UNSEEN.search, inputs))}
    assert readers == {
        *("finetune_features", "finetune_predict", "report_page", "evaluate_audit"),
        *("evaluate_metrics", "evaluate_comparisons", "evaluate_efficiency"),
    }


def test_what_test_files_lead_to_never_comes_back_to_a_training(jobs):
    """Not by any way: no output of a job that reads them is read by one that trains."""
    tainted, before = set(), -1
    while len(tainted) > before:
        before = len(tainted)
        for _, inputs, outputs in jobs:
            if inputs & tainted or any(map(UNSEEN.search, inputs)):
                tainted |= outputs
    trained = {
        path
        for rule, _, outputs in jobs
        if rule in TRAINING and not scores_new_test_images(outputs)
        for path in outputs
    }
    assert any("/predictions." in path for path in tainted)
    assert not tainted & trained


def sealed(path):
    """Let the poisoned file at `path` pass for what its step wrote."""
    known = json.loads(sidecar(path).read_text())
    known |= {"sha256": sha256(path), "bytes": path.stat().st_size}
    sidecar(path).write_text(json.dumps(known))


def poisoned(folder):
    """Turn all test labels round, and put noise in the place of all test images."""
    prepared, ingested = folder / "results/prepare", folder / "results/ingest"
    generator = np.random.default_rng(0)
    for name in ("clinic", "elsewhere"):
        splits = pd.read_parquet(prepared / name / "splits.parquet")
        test = set(splits.loc[splits["split"] == "test", "image_id"])
        if name == "elsewhere":  # is of another hospital: all of it is a test
            test = set(splits["image_id"])
        labels = LABELS.read(ingested / name / "labels.parquet")
        turned = labels["image_id"].isin(test) & labels["value"].isin((0, 1))
        assert turned.any()
        labels["value"] = labels["value"].where(~turned, 1 - labels["value"])
        LABELS.write(labels, ingested / name / "labels.parquet")
        rows = STORE.read(prepared / name / "store/images.parquet")
        rows = rows[rows["image_id"].isin(test)]
        for shard, part in rows.groupby("shard"):
            path = prepared / name / f"store/{shard}.u8"
            pixels = np.fromfile(path, np.uint8).reshape(-1, 32, 32)
            noise = generator.integers(0, 256, (len(part), 32, 32))
            pixels[part["row"].to_numpy()] = noise
            path.write_bytes(pixels.tobytes())
            sealed(path)
        sealed(ingested / name / "labels.parquet")


def bits(path):
    """Return what must not change; a cell's name follows the bytes of whole stores."""
    if path.name == "selection.parquet":
        return pd.read_parquet(path).drop(columns="cell").to_csv()
    return path.read_bytes()


def test_poison_on_test_rows_changes_predictions_and_nothing_that_is_trained(again):
    results = again.folder / "results"
    arms = [results / f"finetune/chest/gmml_moco/{p}" for p in PROTOCOLS]
    predictions = [arm / "predictions.parquet" for arm in arms]
    trained = [
        path for arm in arms for path in arm.glob("*/*") if path.suffix != ".json"
    ]
    assert len(trained) == 2 * 2 * 2  # protocols, budgets, classifiers and selection
    trained += [
        results / f"encoders/{name}/encoder.safetensors"
        for name in ("gmml", "gmml_moco")
    ]
    trained += [results / "finetune/chest/gmml_moco/features.development.npy"]
    clean = {path: bits(path) for path in trained}
    scores = [pd.read_parquet(path)["score"] for path in predictions]
    answers = TARGETS.read(results / "prepare/chest/targets/test.parquet")["target"]
    poisoned(again.folder)
    shutil.rmtree(results / ".checkpoints")  # nothing of the clean run may be taken

    asked = [str(path.relative_to(again.folder)) for path in predictions]
    ran = {rule for rule, _ in again.planned(*asked)}
    assert ran >= {"prepare_targets", "pretrain_fit", "finetune_fit", "finetune_probe"}
    again.run(*asked)
    log = again.folder / "logs/finetune_fit/chest/gmml_moco/fine_tune/8.log"
    assert "draws none: as before; 2 to train" in log.read_text()
    for path, known in clean.items():
        assert bits(path) == known, path
    turned = TARGETS.read(results / "prepare/chest/targets/test.parquet")["target"]
    known = answers.isin((0, 1))
    assert (turned[known] == 1 - answers[known]).all()
    for before, path in zip(scores, predictions, strict=True):
        assert not np.allclose(before, pd.read_parquet(path)["score"], atol=0.001)

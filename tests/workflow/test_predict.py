"""New images are scored through the same chain, and the study knows nothing of it."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from workflow_scripts.core.tables.finetune import APPLIED
from workflow_scripts.core.tables.ingest import LEDGER

pytestmark = pytest.mark.slow

ARM = "chest/moco/linear_probe/100pct"
NEW = "predict={input: incoming, encoder: moco, protocol: linear_probe}"


def asked(words):
    return "predict", "--config", words


def test_a_folder_is_scored_and_nothing_of_the_study_is_made_anew(again):
    images = again.folder / "results" / "simulate" / "elsewhere" / "images"
    chosen = sorted(images.rglob("*.dcm"))[:6]
    (again.folder / "incoming").mkdir()
    for number, file in enumerate(chosen):
        shutil.copy(file, again.folder / "incoming" / f"{number}.dcm")
    (again.folder / "incoming" / "letter.txt").write_text("no picture")

    done = again.run(*asked(NEW))
    ran = re.findall(r"^(?:local)?rule (\w+):", done, re.M)
    assert sorted(ran) == sorted(
        [
            *("ingest_find", "ingest_decode", "ingest_mask", "ingest_gather"),
            *("prepare_lungs", "prepare_store", "prepare_index"),
            *("finetune_export", "finetune_apply", "predict"),
        ]
    )

    results = again.folder / "results"
    found = APPLIED.read(results / "predict" / "new" / ARM / "predictions.parquet")
    ledger = LEDGER.read(results / "ingest" / "new" / "ledger.parquet")
    accepted = ledger[ledger["status"] == "accepted"]
    assert len(ledger) == 7
    assert set(found["file_id"]) == set(accepted["file_id"])
    assert len(found) == 2 * len(accepted) > 0
    told = json.loads((results / "exports" / ARM / "classifier.json").read_text())
    assert told["preprocessing"]["prepare"]["size_px"] == 32

    # the same pictures were scored as an external test: the chain is the same
    path = results / "finetune/chest/moco/linear_probe/predictions.parquet"
    known = pd.read_parquet(path).query("dataset == 'elsewhere' and budget == '100%'")
    known = known[known["draw"] == told["labels"]["draw"]]
    hashes = [
        pd.read_parquet(results / "ingest" / name / "images.parquet")
        for name in ("new", "elsewhere")
    ]
    same = hashes[0].merge(hashes[1], on="sha256", suffixes=("", "_known"))
    mine = found.merge(same[["image_id", "image_id_known"]], on="image_id")
    both = mine.merge(
        known,
        left_on=["image_id_known", "finding"],
        right_on=["image_id", "finding"],
        suffixes=("", "_sweep"),
    )
    assert len(both) > 0  # the sweep scores those with a known label
    assert np.allclose(both["score"], both["score_sweep"], atol=0.02)  # bfloat16 there

    assert "Nothing to be done" in again.run()
    assert "Nothing to be done" in again.run("--config", NEW)  # `all` is the study's
    assert "Nothing to be done" in again.run(*asked(NEW))


CASES = {
    "a folder that is not there": (
        "predict={input: no/such, encoder: moco}",
        "config: predict.input: no folder 'no/such'",
    ),
    "an unknown encoder": (
        "predict={input: rules, encoder: mocco}",
        "config: predict.encoder: 'mocco' is unknown; there are: gmml, gmml_moco, moco",
    ),
    "a budget that no classifier has": (
        'predict={input: rules, encoder: moco, budget: "7%"}',
        "config: predict.budget: '7%' is unknown",
    ),
    "a name that a dataset has": (
        "predict={input: rules, encoder: moco, name: clinic}",
        "config: predict.name: 'clinic' is taken",
    ),
    "no encoder": ("predict={input: rules}", "config: predict: missing encoder"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_does_not_fit_is_told_in_one_line(fresh, case):
    words, said = CASES[case]
    done = fresh.call("--dry-run", *asked(words))
    assert done.returncode != 0
    assert said in done.stdout + done.stderr


def test_without_a_folder_one_line_says_how_to_give_one(fresh):
    done = fresh.call("--dry-run", "predict")
    assert done.returncode != 0
    assert "config: predict: missing; say --config" in done.stdout + done.stderr

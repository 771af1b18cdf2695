"""The whole workflow on generated data: every file of the contract is there."""

import hashlib
import json
import re
import stat

import pandas as pd
import pytest

from workflow_scripts.core.tables import (
    evaluate,
    finetune,
    ingest,
    prepare,
    prepare_pixels,
    pretrain,
)

pytestmark = pytest.mark.slow

CONTRACT = {
    "ingest/clinic/ledger.parquet": ingest.LEDGER,
    "ingest/clinic/private/paths.parquet": ingest.PATHS,
    "ingest/clinic/images.parquet": ingest.IMAGES,
    "ingest/clinic/pixels.parquet": ingest.PIXELS,
    "ingest/clinic/labels.parquet": ingest.LABELS,
    "ingest/archive/labels.parquet": ingest.LABELS,
    "ingest/clinic/fingerprints.parquet": ingest.FINGERPRINTS,
    "ingest/clinic/strata.parquet": ingest.STRATA,
    "prepare/lung_finder/dice.parquet": prepare_pixels.DICE,
    "prepare/clinic/lung_examples.parquet": prepare_pixels.EXAMPLES,
    "prepare/clinic/lungs/0.parquet": prepare_pixels.LUNGS,
    "prepare/clinic/store/0.parquet": prepare_pixels.STORED,
    "prepare/clinic/store/images.parquet": prepare_pixels.STORE,
    "prepare/clinic/store/shards.parquet": prepare_pixels.SHARDS,
    "prepare/clinic/intensity.parquet": prepare_pixels.INTENSITY,
    "prepare/clinic/splits.parquet": prepare.SPLITS,
    "prepare/chest/targets/test.parquet": prepare.TARGETS,
    "prepare/chest/order.parquet": prepare.ORDER,
    "prepare/chest/classes.parquet": prepare.CLASSES,
    "prepare/chest/draws.parquet": prepare.DRAWS,
    "prepare/leakage.parquet": prepare.LEAKAGE,
    "prepare/pools/moco.parquet": prepare.POOL,
    "encoders/moco/training.parquet": pretrain.TRAINING,
    "encoders/random/training.parquet": pretrain.TRAINING,
    "finetune/chest/moco/linear_probe/predictions.parquet": finetune.PREDICTIONS,
    "finetune/chest/moco/fine_tune/predictions.parquet": finetune.PREDICTIONS,
    "evaluate/chest/metrics.parquet": evaluate.METRICS,
    "evaluate/chest/comparisons.parquet": evaluate.COMPARISONS,
    "evaluate/chest/efficiency.parquet": evaluate.EFFICIENCY,
    "evaluate/chest/shortcuts.parquet": evaluate.SHORTCUTS,
}


@pytest.fixture
def results(finished):
    return finished.folder / "results"


@pytest.mark.parametrize("name", CONTRACT)
def test_every_table_of_the_contract_is_there_and_holds(results, name):
    assert len(CONTRACT[name].read(results / name)) or name.split("/")[1] in {
        "archive",
        "random",
    }


def test_a_second_run_has_nothing_to_do(finished):
    assert "Nothing to be done" in finished.run()


def test_the_page_is_there_and_asks_nobody_for_anything(results):
    page = (results / "report" / "index.html").read_text()
    assert not re.search(r"<script|(src|href)=.?https?:", page)
    assert "phantom" in page.lower()


def test_every_file_found_is_accounted_for(results):
    for dataset in ("archive", "clinic", "elsewhere"):
        ledger = pd.read_parquet(results / "ingest" / dataset / "ledger.parquet")
        images = results / "simulate" / dataset / "images"
        found = [p for p in images.rglob("*") if p.is_file() and p.suffix == ".dcm"]
        assert len(ledger) == len(found)


def test_raw_names_lie_in_one_folder_that_only_the_owner_opens(results):
    private = results / "ingest" / "clinic" / "private"
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    patient = pd.read_csv(results / "simulate" / "clinic" / "labels.csv")["patient"][0]
    for path in results.rglob("*"):
        inside = path.relative_to(results).parts
        if path.is_file() and inside[0] != "simulate" and "private" not in inside:
            assert str(patient).encode() not in path.read_bytes(), path


def test_no_test_patient_is_in_a_pool_though_the_archive_holds_some(results):
    images = pd.concat(
        pd.read_parquet(results / "ingest" / name / "images.parquet")
        for name in ("archive", "clinic")
    ).set_index("image_id")
    splits = pd.read_parquet(results / "prepare" / "clinic" / "splits.parquet")
    held_out = splits.loc[splits["split"] != "train", "image_id"]
    patients = set(images["patient_id"].loc[held_out])
    archive = pd.read_parquet(results / "ingest" / "archive" / "images.parquet")
    assert patients & set(archive["patient_id"])
    for encoder in ("moco", "gmml", "gmml_moco"):
        pool = pd.read_parquet(results / "prepare" / "pools" / f"{encoder}.parquet")
        assert not patients & set(images["patient_id"].loc[pool["image_id"]])
    leakage = pd.read_parquet(results / "prepare" / "leakage.parquet")
    assert len(leakage) > 0
    assert leakage["excluded"].all()


def test_every_cell_of_the_sweep_is_measured(results):
    metrics = pd.read_parquet(results / "evaluate" / "chest" / "metrics.parquet")
    cells = metrics[["encoder", "protocol", "budget", "draw"]].drop_duplicates()
    assert len(cells) == 3 * 2 * 2 * (2 + 1)
    assert set(metrics["dataset"]) == {"clinic", "elsewhere"}


def test_beside_every_artifact_lies_its_provenance(results):
    for path in results.rglob("*"):
        if path.name.startswith("remembered-"):  # of no one run
            continue
        if path.suffix in {".parquet", ".safetensors", ".html", ".u8", ".npy"}:
            known = json.loads(
                path.with_name(f"{path.name}.provenance.json").read_text()
            )
            kept = path.parent.parent.name == "finished"  # links, with their numbers
            name = path.name.partition("-")[2] if kept else path.name
            assert known["artifact"] == name
            assert known["code"]


def test_nothing_is_left_of_the_checkpoints_but_what_they_led_to(results):
    assert [p.name for p in (results / ".checkpoints").iterdir()] == ["finished"]


def test_the_store_is_what_its_table_of_files_says(results):
    store = results / "prepare" / "clinic" / "store"
    for row in prepare_pixels.SHARDS.read(store / "shards.parquet").itertuples():
        images = (store / f"{row.shard}.u8").read_bytes()
        assert len(images) == row.images * 32 * 32
        assert hashlib.sha256(images).hexdigest() == row.sha256

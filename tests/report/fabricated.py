"""The files that the report reads, made up, with names as wished."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from tests.evaluate import fabricated
from workflow_scripts.core.tables.evaluate import (
    COMPARISONS,
    EFFICIENCY,
    METRICS,
    SHORTCUTS,
)
from workflow_scripts.core.tables.finetune import PREDICTIONS
from workflow_scripts.core.tables.ingest import COUNTS, IMAGES, LEDGER
from workflow_scripts.core.tables.prepare import LEAKAGE, POOL, SPLITS, TARGETS
from workflow_scripts.core.tables.prepare_pixels import DICE, INTENSITY, STORE
from workflow_scripts.core.tables.pretrain import TRAINING
from workflow_scripts.evaluate import comparisons, efficiency, metrics
from workflow_scripts.report import page

SIZE_PX = 32
PROTOCOLS = ("linear_probe", "fine_tune")
REACHED = {"metadata": 0.51, "border": 0.55}
BUDGETS = ("20", "60", "180", "100%")


def config(names, strengths, findings, protocols, budgets, draws):
    encoders = {
        encoder: {"backbone": "test_resnet", "weights": "random"}
        if number == 0
        else {
            "from": next(iter(strengths)),
            "method": "moco",
            "epochs": 3,
            "data": ["archive"],
        }
        for number, encoder in enumerate(strengths)
    }
    return {
        "seed": 1,
        "datasets": {
            "archive": {"root": "archive", "patients": "known"},
            names["clinic"]: {"root": "clinic", "patients": "known"},
            names["elsewhere"]: {"root": "elsewhere", "patients": "unknown"},
        },
        "encoders": encoders,
        "tasks": {
            "chest": {
                "data": names["clinic"],
                "kind": "multilabel",
                "findings": list(findings),
                "external": [names["elsewhere"]],
            }
        },
        "sweep": {
            "encoders": list(strengths),
            "protocols": list(protocols),
            "labels": list(budgets),
            "draws": draws,
            "count_validation": False,
            "cross_validate_below": 0,
        },
        "evaluate": {"baseline": next(iter(strengths)), "bootstrap": 200},
        "prepare": {
            "crop": "lungs",
            "margin": 0.05,
            "lungs": {"finder": None, "weights": None, "least_quality": 0.7},
        },
    }


def write_results(
    folder, strengths, names, protocols, budgets, draws, resamples, sizes
):
    """Run evaluation over made-up scores, then rename; the first is the baseline."""
    arms = {(e, p): s for e, s in strengths.items() for p in protocols}
    flags = fabricated.write_chain(folder, arms, list(budgets), draws, sizes)
    first = PREDICTIONS.read(flags["predictions"][0])
    paths = {name: folder / f"{name}.parquet" for name in ("metrics", "comparisons")}
    paths |= {"efficiency": folder / "efficiency.parquet"}
    resampled = folder / "resamples.npy"
    baseline = next(iter(strengths))
    metrics.main(
        **flags,
        recipe=metrics.Recipe(
            arms=[list(arm) for arm in arms],
            bootstrap=resamples,
            count_validation=False,
            seed=1,
            statistics=["auroc", "average_precision"],
        ),
        metrics=paths["metrics"],
        resamples=resampled,
    )
    comparisons.main(
        metrics=paths["metrics"],
        resamples=resampled,
        recipe=comparisons.Recipe(baseline=baseline),
        comparisons=paths["comparisons"],
    )
    efficiency.main(
        metrics=paths["metrics"],
        resamples=resampled,
        recipe=efficiency.Recipe(baseline=baseline, metric="auroc"),
        efficiency=paths["efficiency"],
    )
    tables = {"metrics": METRICS, "comparisons": COMPARISONS, "efficiency": EFFICIENCY}
    for name, table in tables.items():
        table.write(table.read(paths[name]).replace(names), paths[name])
    targets = first[(first["budget"] == budgets[0]) & (first["draw"] == 0)]
    test = targets[list(TARGETS.columns)].replace(names)
    development = test[test["dataset"] == names["clinic"]].assign(split="train")
    TARGETS.write(development, folder / "development.parquet")
    TARGETS.write(test, folder / "test.parquet")
    return paths | {
        "targets": [folder / "development.parquet", folder / "test.parquet"]
    }, test


def write_dataset(folder: Path, images: pd.DataFrame, generator, reason):
    """Write the tables of one dataset whose images and patients are given."""
    (folder / "store").mkdir(parents=True)
    n = len(images)
    frame = images.assign(
        study_id=pd.NA,
        view_position=generator.choice(["PA", "AP"], n),
        sex=generator.choice(["F", "M"], n),
        age_years=generator.integers(20, 90, n).astype(float),
        file_id=[f"f{i}" for i in range(n)],
        rows=SIZE_PX,
        columns=SIZE_PX,
        photometric="MONOCHROME2",
        bits_stored=12,
        pixel_spacing_mm=0.2,
        transfer_syntax="1.2.840.10008.1.2.1",
        sha256="0",
        official_split=pd.NA,
    )
    IMAGES.write(frame, folder / "images.parquet")
    status = ["accepted"] * n + ["excluded", "quarantined"]
    ledger = {
        "file_id": [f"f{i}" for i in range(n + 2)],
        "status": status,
        "reason": ["ok"] * n + [reason, "truncated"],
        "detail": pd.NA,
    }
    LEDGER.write(pd.DataFrame(ledger), folder / "ledger.parquet")
    listed = {"what": ["listed images"], "found": [4999], "expected": [5000]}
    COUNTS.write(pd.DataFrame(listed), folder / "counts.parquet")
    split = "test" if folder.name != "archive" else "train"
    SPLITS.write(images[["image_id"]].assign(split=split), folder / "splits.parquet")
    lungs = np.arange(n) % 4 > 0
    store = images[["image_id"]].assign(
        shard=0,
        row=range(n),
        crop=np.where(lungs, "lungs", "whole: lung mask not trusted"),
        mask_quality=np.where(lungs, 0.9, 0.4),
    )
    boxes = dict.fromkeys(("box_top", "box_left", "box_rows", "box_columns"), 0)
    STORE.write(store.assign(**boxes), folder / "rows.parquet")
    pixels = generator.integers(0, 256, (n, SIZE_PX, SIZE_PX), dtype=np.uint8)
    pixels.tofile(folder / "store" / "0.u8")
    grey = {"mean": 0.41, "deviation": 0.23, "n_images": 0 if split == "test" else n}
    frame = pd.DataFrame({"dataset": [folder.name], **grey})
    INTENSITY.write(frame, folder / "intensity.parquet")


def write_encoder(folder: Path, trained: bool, notes, generator):
    folder.mkdir()
    cost = {"hours": 0.5, "gpu_hours": 1.0, "energy_wh": 300.0}
    cost |= {"device": "cuda", "processes": 2}
    notes = ({"cost": cost} if trained else {}) | notes
    card = {"timm": {"model_name": "test_resnet"}, "size_px": SIZE_PX, "notes": notes}
    (folder / "encoder.json").write_text(json.dumps(card))
    n = 20 if trained else 0
    training = {
        "epoch": np.arange(1, n + 1),
        "loss": np.linspace(5, 3, n) + 0.1 * generator.normal(size=n),
        "learning_rate": 0.001,
        "weight_decay": 0.0001,
        "gradient_norm": np.nan,
        "images_per_second": 900.0,
        "waiting_share": 0.013,
        "feature_std": np.linspace(0.4, 0.3, n),
        "effective_rank": np.linspace(8, 30, n),
        "centred_rank": np.linspace(9, 31, n),
        "projection_std": np.nan,
        "knn_auroc": np.linspace(0.6, 0.7, n),
        "energy_wh": 15.0,
        "seconds": 90.0,
    }
    TRAINING.write(pd.DataFrame(training), folder / "training.parquet")
    return folder


def write_pool(folder: Path, images: pd.DataFrame, choice) -> Path:
    """Write the pool of an encoder that is pretrained on the first of `images`."""
    blank = {"shard": 0, "row": 0, "study_id": pd.NA, "view_position": pd.NA}
    pool = images[: choice.get("images", len(images))].assign(
        dataset="archive", **blank
    )
    POOL.write(pool, folder / "pool.parquet")
    return folder / "pool.parquet"


def leakage(dataset, excluded):
    pair = {
        "wall": "pool",
        "kind": "patient",
        "dataset": dataset,
        "image_id": ["a", "b"],
        "split": "test",
        "other_dataset": "archive",
        "other_image_id": "c",
        "other_split": "train",
        "encoder": "moco",
        "excluded": excluded,
        "transductive": False,
    }
    return LEAKAGE.check(pd.DataFrame(pair))


def shortcuts(clinic, findings, reached):
    """Rows of the audit; `reached` is the AUROC of each shortcut in development."""
    rows = [
        {
            **{"shortcut": name, "split": split, "dataset": dataset},
            **{"finding": finding, "auroc": value - less},
            **{"low": value - less - 0.02, "high": value - less + 0.02},
            **{"n_images": 90, "n_patients": 50},
        }
        for name, value in reached.items()
        for split, dataset, less in (
            ("development", clinic, 0.0),
            ("test", clinic, 0.04),
            ("test", "elsewhere", 0.1),
        )
        for finding in [*findings, "macro"]
    ]
    return SHORTCUTS.check(pd.DataFrame(rows)) if rows else SHORTCUTS.empty()


def dice(clinic):
    row = {"dataset": clinic, "n_images": 55, "n_patients": 50}
    return DICE.check(pd.DataFrame([{**row, "dice": 0.951, "low": 0.93, "high": 0.96}]))


def write_chain(
    folder,
    strengths,
    clinic="clinic",
    finding="effusion",
    title="How many labels?",
    reason="lateral_view",
    protocols=PROTOCOLS[:1],
    budgets=BUDGETS[:2],
    draws=2,
    resamples=200,
    sizes=fabricated.DATASETS,
    phantom=(),
    reached=REACHED,
    drawn=True,
    notes=None,
    choices=None,
):
    """Write all inputs; returns the flags of `page.main` but for its outputs.

    `notes` are added to the encoders' cards, `choices` stand in the config for them.
    """
    generator = np.random.default_rng(0)
    names = {"clinic": clinic, "elsewhere": "elsewhere", "effusion": finding}
    findings = [names.get(name, name) for name in fabricated.FINDINGS]
    results = folder / "evaluate"
    results.mkdir()
    paths, test = write_results(
        results, strengths, names, protocols, budgets, draws, resamples, sizes
    )
    people = test[["dataset", "image_id", "patient_id"]].drop_duplicates()
    archive = pd.DataFrame(
        {"image_id": [f"a{i}" for i in range(50)], "patient_id": [*"abcde"] * 10}
    )
    datasets = {
        "archive": archive,
        clinic: people[people["dataset"] == clinic].drop(columns="dataset"),
        "elsewhere": people[people["dataset"] == "elsewhere"].drop(columns="dataset"),
    }
    folders = [folder / name for name in datasets]
    for where, images in zip(folders, datasets.values(), strict=True):
        write_dataset(where, images, generator, reason)
    asked = config(names, strengths, findings, protocols, budgets, draws)
    asked["encoders"] |= choices or {}
    encoders, pools = [], []
    for number, (name, choice) in enumerate(asked["encoders"].items()):
        where = folder / f"encoder-{number}"
        noted = (notes or {}).get(name, {})
        encoders.append(write_encoder(where, "from" in choice, noted, generator))
        if "from" in choice:
            pools.append(write_pool(where, archive, choice))
    LEAKAGE.write(leakage(clinic, excluded=True), folder / "leakage.parquet")
    recipe = page.Recipe(
        title=title,
        example_images=True,
        datasets=list(datasets),
        encoders=list(strengths),
        tasks=["chest"],
        size_px=SIZE_PX,
        phantom=list(phantom),
        finder="network",
        config=asked,
    )
    flags = {name: [paths[name]] for name in ("metrics", "comparisons", "efficiency")}
    files = {
        "ledgers": "ledger",
        "counts": "counts",
        "images": "images",
        "splits": "splits",
        "rows": "rows",
        "intensities": "intensity",
    }
    audit = folder / "shortcuts.parquet"
    SHORTCUTS.write(shortcuts(clinic, findings, reached), audit)
    DICE.write(dice(clinic), folder / "dice.parquet")
    flags |= {
        flag: [where / f"{name}.parquet" for where in folders]
        for flag, name in files.items()
    }
    return flags | {
        "targets": paths["targets"],
        "stores": [where / "store" / "0.u8" for where in folders],
        "dice": [folder / "dice.parquet"] * drawn,
        "shortcuts": [audit],
        "leakage": folder / "leakage.parquet",
        "cards": [where / "encoder.json" for where in encoders],
        "training": [where / "training.parquet" for where in encoders],
        "pools": pools,
        "recipe": recipe,
    }

"""Trivial models find what is planted, and nothing where nothing is."""

import dataclasses
import json
import pkgutil

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from workflow_scripts.core import entry
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.evaluate import SHORTCUTS
from workflow_scripts.core.tables.ingest import IMAGES
from workflow_scripts.core.tables.prepare import LEAKAGE, TARGETS
from workflow_scripts.core.tables.prepare_pixels import CROP, STORE
from workflow_scripts.evaluate import audit, bootstrap, shortcuts
from workflow_scripts.evaluate.ridge import PENALTIES, ridge, teach
from workflow_scripts.evaluate.shortcuts import SIDE_PX, Shown
from workflow_scripts.evaluate.shown import reduced
from workflow_scripts.evaluate.trivial import FOLDS, Problem, folds, scored

MEMBERS = [module.name for module in pkgutil.iter_modules(shortcuts.__path__)]
SIZE_PX = 40
SPLITS = ("train", "train", "train", "validation", "test")


@pytest.fixture(params=MEMBERS)
def name(request):
    return request.param


def headers(n, generator):
    frame = pd.DataFrame(
        {
            "image_id": [f"i{i:04}" for i in range(n)],
            "patient_id": [f"p{i // 2:04}" for i in range(n)],
            "study_id": pd.NA,
            "view_position": generator.choice(np.array(["PA", "AP", None]), n),
            "sex": generator.choice(np.array(["F", "M", None]), n),
            "age_years": generator.choice([20.0, 50.5, 90.0, np.nan], n),
            "file_id": [f"f{i}" for i in range(n)],
            "rows": generator.integers(1000, 3000, n),
            "columns": generator.integers(1000, 3000, n),
            "photometric": generator.choice(["MONOCHROME1", "MONOCHROME2"], n),
            "bits_stored": generator.choice([10, 12], n),
            "pixel_spacing_mm": generator.choice([0.1, 0.2, np.nan], n),
            "transfer_syntax": "1.2.840.10008.1.2.1",
            "sha256": "0",
            "official_split": pd.NA,
        }
    )
    (other,) = generator.spawn(1)
    boxes = {name: other.integers(1, 1000, n) for name in CROP if "box" in name}
    return IMAGES.check(frame).assign(
        **boxes,
        mask_quality=other.choice([0.2, 0.9, np.nan], n),
        crop=other.choice(["lungs", "whole: no lung mask"], n),
    )


def shown(n=60, seed=0):
    generator = np.random.default_rng(seed)
    pictures = generator.integers(0, 256, (2, n, SIDE_PX, SIDE_PX), dtype=np.uint8)
    return Shown(
        thumbnails=pictures[0], blanked=pictures[1], headers=headers(n, generator)
    )


def test_features_are_a_finite_matrix_and_always_the_same(name):
    taught = np.arange(60) < 40
    first, second = (shortcuts.load(name)(shown(), taught) for _ in range(2))
    assert first.shape[0] == 60
    assert first.ndim == 2
    assert first.dtype == np.float32
    assert np.isfinite(first).all()
    assert np.array_equal(first, second)


def test_features_learn_nothing_from_images_that_do_not_teach(name):
    taught = np.arange(60) < 40
    ours, other = shown(), shown(seed=1)
    mixed = Shown(
        thumbnails=np.concatenate([ours.thumbnails[:40], other.thumbnails[40:]]),
        blanked=np.concatenate([ours.blanked[:40], other.blanked[40:]]),
        headers=pd.concat([ours.headers[:40], other.headers[40:]]).assign(
            transfer_syntax=["1.2.840.10008.1.2.1"] * 40 + ["jpeg"] * 20
        ),
    )
    shortcut = shortcuts.load(name)
    before, after = shortcut(ours, taught), shortcut(mixed, taught)
    assert np.array_equal(before[:40], after[:40])


def test_a_word_that_nobody_taught_is_in_no_class():
    known = shown()
    odd = known.headers.assign(view_position=["PA"] * 59 + ["LL"])
    found = shortcuts.load("metadata")(
        dataclasses.replace(known, headers=odd), np.arange(60) < 59
    )
    assert found[0, 0] == 1
    assert found[59, 0] == 0


def test_a_missing_value_is_a_class_of_its_own():
    empty = shown().headers.assign(age_years=np.nan, sex=None)
    found = shortcuts.load("metadata")(
        dataclasses.replace(shown(), headers=empty), np.ones(60, bool)
    )
    assert np.isfinite(found).all()
    assert found.sum(axis=1) == pytest.approx(np.full(60, 15))  # one class a column


def test_the_border_is_the_outer_three_pixels():
    picture = np.full((1, SIDE_PX, SIDE_PX), 7, np.uint8)
    picture[:, 3:-3, 3:-3] = 200
    seen = dataclasses.replace(shown(1), thumbnails=picture)
    found = shortcuts.load("border")(seen, np.ones(1, bool))
    assert found.shape == (1, SIDE_PX**2 - (SIDE_PX - 6) ** 2)
    assert found == pytest.approx(7 / 255)


@pytest.mark.parametrize("size", [16, 32, 64, 224])
def test_a_thumbnail_is_the_mean_of_each_part(size):
    pixels = np.random.default_rng(0).integers(0, 256, (2, size, size), dtype=np.uint8)
    small = reduced(pixels)
    assert small.shape == (2, SIDE_PX, SIDE_PX)
    if size >= SIDE_PX:
        parts = pixels.reshape(2, SIDE_PX, size // SIDE_PX, SIDE_PX, -1)
        assert small == pytest.approx(parts.mean(axis=(2, 4)), abs=0.51)


@pytest.mark.parametrize("width", [5, 300])
def test_the_weights_are_sklearns_for_every_penalty(width):
    generator = np.random.default_rng(0)
    features = generator.normal(size=(120, width)).astype(np.float32)
    features -= features.mean(axis=0)
    targets = (generator.random((120, 2)) < 0.3).astype(float)
    found = ridge(features, targets)
    for weights, penalty in zip(found, PENALTIES, strict=True):
        slow = Ridge(alpha=penalty * 120).fit(features.astype(float), targets)
        assert weights == pytest.approx(slow.coef_.T, abs=1e-4)


def problem(n, targets, generator, parts=SPLITS):
    patients = np.arange(n) // 2
    split = generator.permutation(np.resize(parts, n // 2))
    return Problem(
        patients=patients,
        splits=split[patients].astype(object),
        targets=targets.reshape(n, -1),
    )


def test_a_finding_is_learnt_from_those_of_whom_it_is_known():
    generator = np.random.default_rng(0)
    features = generator.normal(size=(300, 8)).astype(np.float32)
    targets = (features[:, :2] > 0).astype(float)
    training, validation = np.arange(300) < 200, np.arange(300) >= 200
    alone = teach(features[50:], targets[50:], training[50:], validation[50:])
    targets[:50, 1] = np.nan
    targets[50:, 0] = 1
    together = teach(features, targets, training, validation)
    assert together.weights[:, 1] == pytest.approx(alone.weights[:, 1], abs=1e-5)
    assert np.isnan(together.scores(features)[:, 0]).sum() == 0
    targets[:, 0] = 1  # nobody without it: nothing to learn
    assert np.isnan(teach(features, targets, training, validation).weights[:, 0]).all()


def test_a_patient_is_in_one_fold_and_folds_are_equal():
    patients = np.repeat(np.arange(100), 3)
    fold = folds(patients, seed=1)
    assert all(len(set(fold[patients == patient])) == 1 for patient in range(100))
    assert np.bincount(fold).tolist() == [60] * FOLDS
    assert (fold != folds(patients, seed=2)).any()


def test_no_image_is_scored_by_what_its_own_patient_taught():
    generator = np.random.default_rng(0)
    n = 200
    traits = generator.normal(size=(n // 2, 80))  # a person's own, told by nobody else
    targets = generator.integers(0, 2, n // 2)[np.arange(n) // 2].astype(float)
    asked = problem(n, targets, generator, ("train", "train", "validation"))

    def recognised(_shown, _taught):
        return traits[np.arange(n) // 2].astype(np.float32)

    scores = scored(recognised, None, asked, seed=1)
    one = np.ones((1, n), np.uint16)
    found = audit.auroc(asked.targets[:, 0], scores[:, 0], one)[0]
    assert 0.35 < found < 0.65


def test_features_are_learnt_from_training_images_that_are_not_scored():
    generator = np.random.default_rng(0)
    asked = problem(200, generator.integers(0, 2, 200).astype(float), generator)
    seen = []

    def remembered(_shown, taught):
        seen.append(taught)
        return np.where(taught[:, None], 1 + asked.targets, 0).astype(np.float32)

    scores = scored(remembered, None, asked, seed=1)[:, 0]
    part = np.where(asked.splits == "test", FOLDS, folds(asked.patients, seed=1))
    assert len(seen) == FOLDS + 1
    for number in range(FOLDS + 1):
        expected = (asked.splits == "train") & (part != number)
        assert any(np.array_equal(taught, expected) for taught in seen)
        assert len(np.unique(scores[part == number])) == 1  # all of them unknown


@pytest.mark.parametrize("number", range(FOLDS))
def test_the_targets_of_a_fold_change_no_score_of_it(number):
    """Neither do they teach, nor do they choose the penalty."""
    generator = np.random.default_rng(0)
    n = 200
    target = generator.integers(0, 2, n).astype(float)
    traits = generator.normal(size=(n, 150)).astype(np.float32)
    traits[:, :20] += 0.3 * target[:, None].astype(np.float32)
    asked = problem(n, target, generator, ("train",) * 7 + ("validation",))
    here = folds(asked.patients, seed=1) == number
    asked.splits[here] = "validation"  # most of those that could choose
    turned = np.where(here[:, None], 1 - asked.targets, asked.targets)
    first, second = (
        scored(lambda _shown, _taught: traits, None, p, seed=1)
        for p in (asked, dataclasses.replace(asked, targets=turned))
    )
    assert np.array_equal(first[here], second[here])
    assert not np.array_equal(first, second)


def test_test_targets_change_no_score():
    generator = np.random.default_rng(0)
    asked = problem(120, generator.integers(0, 2, 120).astype(float), generator)
    turned = asked.targets.copy()
    test = asked.splits == "test"
    turned[test] = 1 - turned[test]
    other = dataclasses.replace(asked, targets=turned)
    border = shortcuts.load("border")
    first, second = (scored(border, shown(120), p, seed=1) for p in (asked, other))
    assert np.array_equal(first, second)


def write(
    folder, targets, pixels, lungs=None, dataset="clinic", parts=SPLITS, crops=None
):
    """Write the inputs of the step; images lie in two shards, in reverse order."""
    generator = np.random.default_rng(3)
    n = len(pixels)
    home = folder / dataset
    (home / "store").mkdir(parents=True)
    lungs = np.zeros(pixels.shape, bool) if lungs is None else lungs
    shard, row = np.arange(n) % 2, (n - 1 - np.arange(n)) // 2
    for number in (0, 1):
        mine = np.flatnonzero(shard == number)[::-1]
        pixels[mine].tofile(home / "store" / f"{number}.u8")
        bits = np.packbits(lungs[mine], axis=-1)
        bits.tofile(home / "store" / f"{number}.lungs")
    known = headers(n, generator).assign(**(crops or {}))
    IMAGES.write(known.drop(columns=list(CROP)), home / "images.parquet")
    stored = known[["image_id", *CROP]].assign(shard=shard, row=row)
    STORE.write(stored[::-1], home / "rows.parquet")
    patients = known["patient_id"].unique()
    split = dict(
        zip(
            patients,
            generator.permutation(np.resize(parts, len(patients))),
            strict=True,
        )
    )
    tables = [
        known[["image_id", "patient_id"]].assign(
            dataset=dataset,
            split=known["patient_id"].map(split),
            finding=finding,
            target=column,
        )
        for finding, column in targets.items()
    ]
    return pd.concat(tables, ignore_index=True), known["patient_id"].map(split)


def flags(folder, targets, datasets=("clinic",)):
    test = targets["split"] == "test"
    TARGETS.write(targets[~test], folder / "development.parquet")
    TARGETS.write(targets[test], folder / "test.parquet")
    LEAKAGE.write(LEAKAGE.empty(), folder / "leakage.parquet")
    homes = [folder / dataset for dataset in datasets]
    return {
        **{name: folder / f"{name}.parquet" for name in ("leakage", "development")},
        "test": folder / "test.parquet",
        "images": [home / "images.parquet" for home in homes],
        "rows": [home / "rows.parquet" for home in homes],
        "stores": [home / "store" / f"{i}.u8" for home in homes for i in (0, 1)],
        "lungs": [home / "store" / f"{i}.lungs" for home in homes for i in (0, 1)],
        "recipe": audit.Recipe(
            shortcuts=MEMBERS,
            datasets=list(datasets),
            findings=sorted(targets["finding"].unique()),
            size_px=SIZE_PX,
            bootstrap=200,
            seed=1,
        ),
    }


def run(folder, targets, datasets=("clinic",)):
    out = folder / "shortcuts.parquet"
    audit.main(**flags(folder, targets, datasets), shortcuts=out)
    return SHORTCUTS.read(out).set_index(["shortcut", "split", "dataset", "finding"])


def noise(n, seed=0):
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (n, SIZE_PX, SIZE_PX), dtype=np.uint8)


def test_a_planted_mark_is_found_and_gone_where_it_is_taken_away(tmp_path):
    n = 400
    pixels = noise(n)
    target = np.random.default_rng(5).integers(0, 2, n).astype(float)
    lungs = np.zeros(pixels.shape, bool)
    lungs[:, 10:30, 10:30] = True
    marked = pixels.copy()
    marked[target == 1, :4, :4] = 255
    (tmp_path / "with").mkdir()
    targets, _ = write(tmp_path / "with", {"effusion": target}, marked, lungs)
    found = run(tmp_path / "with", targets)["auroc"]
    for name in ("border", "thumbnail", "lungs_blanked"):
        for split in ("development", "test"):
            assert found[name, split, "clinic", "effusion"] > 0.99
    assert 0.3 < found["metadata", "test", "clinic", "effusion"] < 0.7
    (tmp_path / "without").mkdir()
    targets, split = write(tmp_path / "without", {"effusion": target}, pixels, lungs)
    cleaned = np.where((split == "test").to_numpy()[:, None, None], pixels, marked)
    (tmp_path / "cleaned").mkdir()
    targets, _ = write(tmp_path / "cleaned", {"effusion": target}, cleaned, lungs)
    found = run(tmp_path / "cleaned", targets)
    row = found.loc["border", "test", "clinic", "effusion"]
    assert row["low"] < 0.5 < row["high"]
    assert found["auroc"]["border", "development", "clinic", "effusion"] > 0.99


PLANTED = {
    "how it was cropped": {"crop": ("whole: no lung mask", "lungs")},
    "how large the box is": {"box_rows": (300, 600)},
    "what share the box is": {"box_columns": (300, 600), "columns": (1000, 2000)},
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_what_the_pipeline_tells_is_seen_by_metadata_alone(tmp_path, planted):
    n = 200
    target = np.random.default_rng(5).integers(0, 2, n).astype(float)
    crops = {
        name: np.where(target == 1, with_it, without)
        for name, (without, with_it) in planted.items()
    }
    targets, _ = write(tmp_path, {"effusion": target}, noise(n), crops=crops)
    found = run(tmp_path, targets)["auroc"]
    assert found["metadata", "test", "clinic", "effusion"] > 0.95
    assert found["thumbnail", "test", "clinic", "effusion"] < 0.75


def test_the_share_of_the_file_that_the_box_takes_is_a_feature_of_its_own():
    size = np.resize([1000, 2000, 3000], 60)
    small = np.arange(60) % 2 == 0
    told = shown().headers.assign(rows=size, box_rows=size // np.where(small, 4, 2))
    found = shortcuts.load("metadata")(
        dataclasses.replace(shown(), headers=told), np.ones(60, bool)
    )
    assert any(np.array_equal(column, small) for column in found.T)


def test_what_is_in_the_lungs_is_not_seen_when_they_are_black(tmp_path):
    n = 300
    target = np.random.default_rng(5).integers(0, 2, n).astype(float)
    pixels, lungs = noise(n), np.zeros((n, SIZE_PX, SIZE_PX), bool)
    lungs[:, 10:30, 10:30] = True
    pixels[target == 1, 15:20, 15:20] = 255
    targets, _ = write(tmp_path, {"opacity": target}, pixels, lungs)
    found = run(tmp_path, targets)["auroc"]
    assert found["thumbnail", "test", "clinic", "opacity"] > 0.99
    assert found["lungs_blanked", "test", "clinic", "opacity"] < 0.75


def test_where_nothing_is_to_be_found_the_interval_holds_one_half(tmp_path):
    n = 500
    target = np.random.default_rng(11).integers(0, 2, n).astype(float)
    targets, _ = write(tmp_path, {"effusion": target}, noise(n))
    found = run(tmp_path, targets)
    held = (found["low"] < 0.5) & (found["high"] > 0.5)
    assert held.all()
    unseen, whole = (found["auroc"][name] for name in ("lungs_blanked", "thumbnail"))
    assert unseen.equals(whole)  # no lungs were found


def test_a_finding_that_only_one_fold_knows_is_measured_where_it_can_be(tmp_path):
    n = 200
    generator = np.random.default_rng(0)
    seen = generator.integers(0, 2, n).astype(float)
    rare = np.zeros(n)
    rare[[0, 1, 150, 151]] = 1
    rare[generator.random(n) < 0.2] = np.nan
    unknown = np.full(n, np.nan)
    kinds = {"effusion": seen, "hernia": rare, "nodule": unknown}
    targets, _ = write(tmp_path, kinds, noise(n))
    found = run(tmp_path, targets)
    assert found.xs("nodule", level="finding")["auroc"].isna().all()
    assert (found.xs("nodule", level="finding")["n_images"] == 0).all()
    assert found.xs("effusion", level="finding")["auroc"].notna().all()
    assert found.xs("macro", level="finding")["auroc"].notna().all()


def test_every_row_there_should_be_is_there(tmp_path):
    generator = np.random.default_rng(0)
    target = generator.integers(0, 2, 120).astype(float)
    kinds = {"effusion": target, "edema": 1 - target}
    ours, _ = write(tmp_path, kinds, noise(120))
    theirs, _ = write(tmp_path, kinds, noise(120, 1), None, "elsewhere", ("test",))
    found = run(tmp_path, pd.concat([ours, theirs]), ("clinic", "elsewhere"))
    parts = {(split, dataset) for _, split, dataset, _ in found.index}
    assert parts == {
        ("development", "clinic"),
        ("test", "clinic"),
        ("test", "elsewhere"),
    }
    assert len(found) == len(MEMBERS) * 3 * 3
    first, second, macro = (
        found["auroc"].xs(finding, level="finding").to_numpy()
        for finding in ("effusion", "edema", "macro")
    )
    assert macro == pytest.approx((first + second) / 2)
    assert set(found.xs("elsewhere", level="dataset")["n_patients"]) == {60}


def test_the_same_patients_are_drawn_as_for_every_encoder():
    ids = [f"i{i}" for i in range(30)]
    targets = pd.DataFrame(
        {
            "dataset": "clinic",
            "image_id": ids,
            "patient_id": [f"p{i % 11}" for i in range(30)],
            "split": "test",
            "finding": "effusion",
            "target": [0.0, 1.0] * 15,
        }
    ).sample(frac=1, random_state=1)
    from workflow_scripts.evaluate.cohort import read_cohort

    listed, problem = audit.asked(TARGETS.check(targets), ("effusion",))
    rows = targets.assign(budget="1", draw=0, score=0.5)
    cohort, _ = read_cohort(rows)
    assert listed["image_id"].tolist() == cohort.image_ids.tolist()
    ours, theirs = (
        bootstrap.patient_weights(p, 5, 1, "clinic")
        for p in (problem.patients, cohort.patients)
    )
    assert np.array_equal(ours, theirs)


def test_uncertain_targets_teach_no_trivial_model():
    targets = pd.DataFrame(
        {
            "dataset": "clinic",
            "image_id": ["a", "b", "c"],
            "patient_id": ["a", "b", "c"],
            "split": "train",
            "finding": "effusion",
            "target": [1.0, 0.5, 0.0],
        }
    )
    _, problem = audit.asked(TARGETS.check(targets), ("effusion",))
    np.testing.assert_array_equal(problem.targets[:, 0], [1, np.nan, 0])


def test_without_shortcuts_the_table_is_empty(tmp_path):
    targets, _ = write(tmp_path, {"effusion": np.tile([0.0, 1.0], 20)}, noise(40))
    given = flags(tmp_path, targets)
    given["recipe"] = dataclasses.replace(given["recipe"], shortcuts=[])
    audit.main(**given, shortcuts=tmp_path / "shortcuts.parquet")
    assert SHORTCUTS.read(tmp_path / "shortcuts.parquet").empty


def test_nothing_is_audited_over_a_leak_but_over_what_was_kept_on_purpose(tmp_path):
    targets, _ = write(tmp_path, {"effusion": np.tile([0.0, 1.0], 60)}, noise(120))
    given = flags(tmp_path, targets)
    pair = {
        **{"wall": "pool", "kind": "near", "dataset": "clinic", "image_id": "a"},
        **{"split": "test", "other_dataset": "archive", "other_image_id": "c"},
        **{"other_split": "train", "encoder": "moco", "excluded": [False]},
    }
    LEAKAGE.write(pd.DataFrame(pair).assign(transductive=True), given["leakage"])
    audit.main(**given, shortcuts=tmp_path / "shortcuts.parquet")
    LEAKAGE.write(pd.DataFrame(pair).assign(transductive=False), given["leakage"])
    with pytest.raises(InputError, match="1 pairs"):
        audit.main(**given, shortcuts=tmp_path / "shortcuts.parquet")


def test_the_step_runs_from_its_command_line(tmp_path):
    targets, _ = write(tmp_path, {"effusion": np.tile([0.0, 1.0], 60)}, noise(120))
    given = flags(tmp_path, targets)
    packed = {
        "rule": "evaluate_audit",
        "wildcards": {"task": "chest"},
        "choices": dataclasses.asdict(given.pop("recipe")),
        "code": [],
        "pins": "",
    }
    words = ["--recipe", json.dumps(packed)]
    for flag, paths in given.items():
        many = paths if isinstance(paths, list) else [paths]
        words += [f"--{flag}", *map(str, many)]
    out = tmp_path / "results" / "shortcuts.parquet"
    entry.run(audit.main, [*words, "--shortcuts", str(out)])
    assert len(SHORTCUTS.read(out)) == len(MEMBERS) * 2 * 2

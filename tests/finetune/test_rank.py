"""Encoders are ranked as the definition says, and no test row has a say in it."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from workflow_scripts.core.tables.finetune import RANKING
from workflow_scripts.core.tables.prepare import TARGETS
from workflow_scripts.finetune import rank, resampling, ridge
from workflow_scripts.finetune.aligned import images_of, matrix

FINDINGS = ["here", "there"]
RECIPE = rank.Recipe(
    encoders=["plain", "telling"],
    baseline="plain",
    findings=FINDINGS,
    bootstrap=100,
    seed=3,
)


def cohort(splits=("train", "validation"), n_patients=150, seed=0):
    """Targets with unknowns, and features of which one encoder's tell of them."""
    generator = np.random.default_rng(seed)
    rows = []
    for patient in range(n_patients):
        split = splits[patient % len(splits)]
        for image in range(1 + patient % 3):
            for finding in FINDINGS:
                target = float(generator.random() < 0.4)
                if generator.random() < 0.1:
                    target = np.nan
                name = f"{patient:03d}-{image}"
                rows.append(("own", name, f"p{patient:03d}", split, finding, target))
    targets = pd.DataFrame(rows, columns=list(TARGETS.columns))
    wanted = matrix(targets, images_of(targets), FINDINGS)
    plain = generator.normal(size=(len(wanted), 6))
    telling = plain.copy()
    telling[:, :2] += np.nan_to_num(wanted, nan=0.5)
    return targets, [part.astype(np.float32) for part in (plain, telling)]


def run(folder, targets, features):
    files = [folder / f"{encoder}.npy" for encoder in RECIPE.encoders]
    for file, values in zip(files, features, strict=True):
        np.save(file, values)
    TARGETS.write(targets, folder / "development.parquet")
    rank.main(
        features=files,
        development=folder / "development.parquet",
        recipe=RECIPE,
        ranking=folder / "ranking.parquet",
    )
    return RANKING.read(folder / "ranking.parquet")


def by_definition(targets, features, patients):
    """Return validation's AUROC of one finding: scikit-learn, fold by fold.

    Args:
        targets: of training and of validation images, NaN unknown.
        features: of the same.
        patients: of the training images.
    """
    train, validation = (~np.isnan(part) for part in targets)
    mean, deviation = features[0].mean(axis=0), features[0].std(axis=0) + 1e-6
    ours, theirs = ((part - mean) / deviation for part in features)
    ours, labels = ours[train], targets[0][train]
    folds = ridge.folds_of(patients, RECIPE.seed)[train]

    def taught(rows, penalty):
        return Ridge(alpha=penalty * rows.sum()).fit(ours[rows], labels[rows])

    def out_of_fold(penalty):
        return np.mean(
            [
                roc_auc_score(
                    labels[folds == fold],
                    taught(folds != fold, penalty).predict(ours[folds == fold]),
                )
                for fold in range(ridge.FOLDS)
            ]
        )

    chosen = max(ridge.PENALTIES, key=out_of_fold)
    model = taught(np.ones(len(labels), bool), chosen)
    return roc_auc_score(
        targets[1][validation], model.predict(theirs[validation].astype(float))
    )


def test_the_ranking_equals_the_definition(tmp_path):
    targets, features = cohort()
    found = run(tmp_path, targets, features).set_index(["encoder", "finding"])
    images = images_of(targets)
    wanted = matrix(targets, images, FINDINGS)
    parts = [(images["split"] == split).to_numpy() for split in ("train", "validation")]
    patients = images["patient_id"].to_numpy(object)[parts[0]]
    for encoder, known in zip(RECIPE.encoders, features, strict=True):
        values = [
            by_definition(
                [wanted[part, column] for part in parts],
                [known[part].astype(float) for part in parts],
                patients,
            )
            for column in range(2)
        ]
        expected = dict(zip(FINDINGS, values, strict=True), macro=np.mean(values))
        for finding, value in expected.items():
            row = found.loc[encoder, finding]
            assert row["auroc"] == pytest.approx(value)
            assert row["low"] < row["auroc"] < row["high"]


def test_the_best_stands_first_and_is_compared_with_the_baseline(tmp_path):
    found = run(tmp_path, *cohort())
    assert found["encoder"].drop_duplicates().tolist() == ["telling", "plain"]
    best, base = (part for _, part in found.groupby("encoder", sort=False))
    np.testing.assert_allclose(
        best["difference"], best["auroc"].to_numpy() - base["auroc"].to_numpy()
    )
    assert (best["difference_low"] > 0).all()
    np.testing.assert_allclose(best["p"], 2 / 101)  # no resample says otherwise
    assert (
        base[["difference", "difference_low", "difference_high", "p"]]
        .isna()
        .all(axis=None)
    )


def test_patients_with_a_known_target_are_counted(tmp_path):
    targets, features = cohort()
    found = run(tmp_path, targets, features).set_index(["encoder", "finding"])
    known = targets.dropna(subset="target")
    for split, column in (
        ("train", "n_train_patients"),
        ("validation", "n_validation_patients"),
    ):
        ours = known[known["split"] == split]
        counts = ours.groupby("finding")["patient_id"].nunique()
        for finding in FINDINGS:
            assert found.loc[("plain", finding), column] == counts[finding]
        assert found.loc[("plain", "macro"), column] == ours["patient_id"].nunique()


def test_uncertain_targets_count_as_unknown(tmp_path):
    targets, features = cohort()
    some = (np.arange(len(targets)) % 9 == 0) & (targets["split"] == "train")
    found = []
    for value in (0.5, np.nan):
        (tmp_path / str(value)).mkdir()
        changed = targets.assign(target=targets["target"].mask(some, value))
        found.append(run(tmp_path / str(value), changed, features))
    pd.testing.assert_frame_equal(*found)


def test_rows_of_the_test_split_never_matter(tmp_path):
    targets, features = cohort(splits=("train", "validation", "test"))
    images = images_of(targets)
    kept = (images["split"] != "test").to_numpy()
    (tmp_path / "without").mkdir()
    clean = run(
        tmp_path / "without",
        targets[targets["split"] != "test"],
        [known[kept] for known in features],
    )
    poisoned = targets.copy()
    of_test = poisoned["split"] == "test"
    poisoned.loc[of_test, "target"] = 1.0
    for known in features:
        known[~kept] = np.nan
    pd.testing.assert_frame_equal(run(tmp_path, poisoned, features), clean)


def test_a_finding_that_validation_lacks_has_no_value_and_is_left_out_of_macro(
    tmp_path,
):
    targets, features = cohort()
    absent = (targets["finding"] == "here") & (targets["split"] == "validation")
    targets.loc[absent & (targets["target"] == 1), "target"] = 0.0
    found = run(tmp_path, targets, features).set_index(["encoder", "finding"])
    telling = found.loc["telling"]
    assert telling.loc["here", ["auroc", "low", "high", "difference", "p"]].isna().all()
    assert telling.loc["macro", "auroc"] == telling.loc["there", "auroc"]


def test_a_finding_that_nobody_in_training_has_says_nothing_and_harms_nothing(tmp_path):
    targets, features = cohort()
    targets.loc[
        (targets["finding"] == "here") & (targets["split"] == "train"), "target"
    ] = np.nan
    found = run(tmp_path, targets, features).set_index(["encoder", "finding"])
    assert (found.xs("here", level="finding")["auroc"] == 0.5).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_resampled_auroc_equals_counting_all_pairs(seed):
    generator = np.random.default_rng(seed)
    targets = generator.choice([0.0, 1.0, np.nan], 40)
    scores = generator.integers(0, 6, 40).astype(float)  # ties
    patients = generator.integers(0, 15, 40).astype(str).astype(object)
    weights = resampling.patient_weights(patients, 5, seed)
    values = resampling.auroc(targets, scores, weights)
    for weight, value in zip(weights, values, strict=True):
        right = pairs = 0.0
        for i in np.flatnonzero(targets == 1):
            for j in np.flatnonzero(targets == 0):
                both = float(weight[i]) * float(weight[j])
                pairs += both
                right += both * ((scores[i] > scores[j]) + (scores[i] == scores[j]) / 2)
        assert value == pytest.approx(right / pairs)


def test_images_of_a_patient_are_resampled_and_held_out_together():
    patients = np.array(["a", "b", "a", "c", "b", "d"], object)
    weights = resampling.patient_weights(patients, 50, 1)
    assert (weights[0] == 1).all()
    folds = ridge.folds_of(patients, 1)
    for name in "abc":
        ours = patients == name
        assert (weights[:, ours] == weights[:, ours][:, :1]).all()
        assert len(np.unique(folds[ours])) == 1
    counts = weights[:, [0, 1, 3, 5]]
    assert (counts.sum(axis=1) == 4).all()

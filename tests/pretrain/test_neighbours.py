"""Scores by neighbours: against counting by hand, one image and finding at a time."""

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from workflow_scripts.pretrain import neighbours
from workflow_scripts.pretrain.neighbours import knn_auroc, knn_scores


def slow_scores(bank, labels, features, k, temperature):
    scores = np.full((len(features), labels.shape[1]), np.nan)
    for finding in range(labels.shape[1]):
        rows = [row for row, y in enumerate(labels[:, finding]) if not math.isnan(y)]
        for number, asked in enumerate(features):
            cosines = [
                float(
                    asked
                    @ bank[row]
                    / np.linalg.norm(asked)
                    / np.linalg.norm(bank[row])
                )
                for row in rows
            ]
            votes = sorted(zip(cosines, rows, strict=True), reverse=True)[:k]
            weights = [math.exp(cosine / temperature) for cosine, _ in votes]
            said = [labels[row, finding] for _, row in votes]
            if votes:
                total = sum(w * y for w, y in zip(weights, said, strict=True))
                scores[number, finding] = total / sum(weights)
    return scores


def problem(seed=0, n_train=150, n=70, findings=3, width=12):
    """Features that tell something of each finding; a third of the labels unknown."""
    rng = np.random.default_rng(seed)
    axes = rng.normal(size=(width, findings))
    parts = []
    for rows in (n_train, n):
        features = rng.normal(size=(rows, width)) * rng.uniform(0.1, 9, (rows, 1))
        targets = (features @ axes + rng.normal(size=(rows, findings)) > 0).astype(
            float
        )
        targets[rng.random(targets.shape) < 1 / 3] = np.nan
        parts += [features.astype(np.float32), targets.astype(np.float32)]
    return parts


@pytest.mark.parametrize("seed", range(3))
def test_scores_equal_those_counted_by_hand(seed):
    bank, labels, features, _ = problem(seed)
    expected = slow_scores(bank, labels, features, 20, 0.07)
    assert knn_scores(bank, labels, features) == pytest.approx(expected, abs=1e-4)


def test_findings_labelled_on_the_same_images_equal_those_counted_by_hand():
    bank, labels, features, _ = problem()
    labels[:, 2] = np.where(np.isnan(labels[:, 0]), np.nan, 1 - labels[:, 0])
    expected = slow_scores(bank, labels, features, 20, 0.07)
    assert knn_scores(bank, labels, features) == pytest.approx(expected, abs=1e-4)


def test_the_auroc_is_the_mean_over_findings_of_known_labels():
    bank, labels, features, targets = problem()
    scores = slow_scores(bank, labels, features, 20, 0.07)
    expected = []
    for score, target in zip(scores.T, targets.T, strict=True):
        known = ~np.isnan(target)
        expected.append(roc_auc_score(target[known], score[known]))
    found = knn_auroc(bank, labels, features, targets)
    assert found == pytest.approx(np.mean(expected), abs=1e-3)
    assert found > 0.7


def test_a_finding_with_one_class_or_without_votes_is_left_out():
    bank, labels, features, targets = problem()
    labels[:, 1] = np.nan
    targets[:, 2] = 1
    only = knn_auroc(bank, labels[:, :1], features, targets[:, :1])
    assert knn_auroc(bank, labels, features, targets) == pytest.approx(only)
    assert math.isnan(knn_auroc(bank, labels[:, 1:], features, targets[:, 1:]))


def test_fewer_labelled_images_than_neighbours_all_vote():
    bank, labels, features, _ = problem(n_train=9)
    expected = slow_scores(bank, labels, features, 9, 0.07)
    found = knn_scores(bank, labels, features)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_collapsed_features_tell_nothing():
    bank, labels, features, targets = problem()
    bank[:], features[:] = 1, 1
    assert knn_auroc(bank, labels, features, targets) == pytest.approx(0.5)
    features[:] = np.nan
    assert math.isnan(knn_auroc(bank, labels, features, targets))


def test_how_many_are_asked_at_once_changes_nothing(monkeypatch):
    bank, labels, features, _ = problem()
    whole = knn_scores(bank, labels, features)
    monkeypatch.setattr(neighbours, "AT_ONCE", 7)
    assert knn_scores(bank, labels, features) == pytest.approx(whole, abs=1e-6)

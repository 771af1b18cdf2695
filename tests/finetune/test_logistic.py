"""Regressions that are solved together are those that are solved one by one."""

import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from workflow_scripts.finetune import descent, logistic
from workflow_scripts.finetune.logistic import principal_axes, regressions

PENALTIES = [100.0, 1.0, 0.001]


def labelled(n, width=12, n_findings=3, seed=0):
    """Return features that hang together, and targets with a tenth unknown."""
    generator = np.random.default_rng(seed)
    latent = generator.normal(size=(n, width)) / np.arange(1, width + 1)
    features = latent @ np.linalg.qr(generator.normal(size=(width, width)))[0]
    told = features[:, :n_findings] / features[:, :n_findings].std(axis=0)
    chance = 1 / (1 + np.exp(1.5 - told))
    targets = (generator.random(told.shape) < chance).astype(float)
    targets[generator.random(told.shape) < 0.1] = np.nan
    return features + 3, targets  # off centre: the intercept has work to do


def one_by_one(features, targets, penalty):
    """Return scikit-learn's optimum in float64, (findings, width + 1)."""
    solutions = []
    for target in targets.T:
        known = ~np.isnan(target)
        model = LogisticRegression(
            C=1 / penalty, solver="newton-cholesky", tol=1e-10, max_iter=1000
        )
        model.fit(features[known], target[known])
        solutions.append(np.append(model.coef_[0], model.intercept_))
    return np.array(solutions)


def logits(features, solution):
    return features @ solution[:-1] + solution[-1]


def loss(features, target, penalty, solution):
    known = ~np.isnan(target)
    margin = (2 * target - 1) * logits(features, solution)
    return np.logaddexp(0, -margin[known]).sum() + penalty * sum(solution[:-1] ** 2) / 2


@pytest.mark.parametrize("n", [30, 100, 2000])
@pytest.mark.parametrize("width", [12, 60])
def test_logits_are_those_of_the_optimum_of_each(n, width):
    features, targets = labelled(n, width)
    found = regressions(features, targets, PENALTIES)
    assert found.shape == (3, 3, width + 1)
    for penalty, solved in zip(PENALTIES, found, strict=True):
        expected = one_by_one(features, targets, penalty)
        for ours, theirs in zip(solved, expected, strict=True):
            reference = logits(features, theirs)
            error = logits(features, ours) - reference
            assert np.abs(error).max() < 1e-3 * reference.std()


@pytest.mark.parametrize("n", [40, 100, 300])
def test_auroc_of_other_images_is_within_a_two_thousandth(n):
    features, targets = labelled(n + 1000, 60)
    found = regressions(features[:n], targets[:n], PENALTIES)
    for penalty, solved in zip(PENALTIES, found, strict=True):
        expected = one_by_one(features[:n], targets[:n], penalty)
        for target, *solutions in zip(targets[n:].T, solved, expected, strict=True):
            known = ~np.isnan(target)
            ours, theirs = (
                roc_auc_score(target[known], logits(features[n:][known], solution))
                for solution in solutions
            )
            assert abs(ours - theirs) < 0.0005


def test_features_turned_beforehand_give_the_same_logits():
    features, targets = labelled(400)
    turned = features @ principal_axes(features)
    plain, quick = (
        regressions(features, targets, [1.0])[0],
        regressions(turned, targets, [1.0], rotated=True)[0],
    )
    for one, other in zip(plain, quick, strict=True):
        np.testing.assert_allclose(
            logits(features, one), logits(turned, other), atol=1e-4
        )


def test_principal_axes_are_orthogonal_and_features_along_them_uncorrelated():
    features, _ = labelled(400)
    axes = principal_axes(features)
    np.testing.assert_allclose(axes.T @ axes, np.eye(12), atol=1e-12)
    covariance = np.cov((features @ axes).T)
    np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-12)
    assert (np.diff(np.diag(covariance)) <= 0).all()


def test_what_is_solved_beside_a_problem_hardly_matters(monkeypatch):
    features, targets = labelled(300)
    together = regressions(features, targets, PENALTIES)
    monkeypatch.setattr(logistic, "AT_ONCE", 1)  # one after the other
    np.testing.assert_allclose(
        regressions(features, targets, PENALTIES), together, atol=2e-3
    )


def test_a_chance_counts_as_that_share_of_both_classes():
    features, _ = labelled(60)
    chances = np.random.default_rng(1).random((60, 1))
    doubled = np.concatenate([features, features])
    known = np.concatenate([np.ones((60, 1)), np.zeros((60, 1))])
    model = LogisticRegression(solver="newton-cholesky", tol=1e-10)
    weight = np.concatenate([chances, 1 - chances])[:, 0]
    model.fit(doubled, known[:, 0], sample_weight=weight)
    (found,) = regressions(features, chances, [1.0], 1e-8)[0]
    np.testing.assert_allclose(found[:-1], model.coef_[0], atol=1e-6)
    np.testing.assert_allclose(found[-1], model.intercept_[0], atol=1e-6)


def test_one_class_or_no_label_at_all_gives_zeros():
    features, targets = labelled(50)
    targets[:, 0], targets[:, 1] = 1, np.nan
    found = regressions(features, targets, [1.0])[0]
    assert not found[:2].any()
    assert found[2].any()
    assert not regressions(features, targets[:, :2], [1.0]).any()


HARD = {
    "separable": lambda rng: (rng.normal(size=(200, 5)), None),
    "one positive": lambda rng: (rng.normal(size=(300, 20)), np.eye(300)[:, :1]),
    "two images": lambda rng: (rng.normal(size=(2, 50)), np.array([[0.0], [1]])),
    "equal images": lambda rng: (np.ones((2, 5)), np.array([[0.0], [1]])),
    "all constant": lambda rng: (np.full((9, 3), 2.0), np.eye(9)[:, :1]),
    "one constant": lambda rng: (rng.normal(size=(99, 3)) * [1, 0, 1], None),
    "copies": lambda rng: (np.repeat(rng.normal(size=(99, 1)), 40, axis=1), None),
    "scales": lambda rng: (rng.normal(size=(400, 6)) * 10.0 ** np.arange(-3, 3), None),
    "outliers": lambda rng: (np.exp(2 * rng.normal(size=(500, 30))), None),
}


@pytest.mark.parametrize("name", HARD)
def test_hard_problems_end_without_a_warning_at_the_least_loss(name, caplog):
    features, targets = HARD[name](np.random.default_rng(0))
    if targets is None:
        targets = (features[:, :1] > np.median(features[:, 0])).astype(float)
    penalties = [1e-12, 1e-6, 0.001, 1.0, 1e3, 1e9]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = regressions(features, targets, penalties)
    assert np.isfinite(found).all()
    assert not caplog.records
    for penalty, solved in zip(penalties[1:], found[1:, 0], strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            (least,) = one_by_one(features, targets, penalty)
        expected = loss(features, targets[:, 0], penalty, least)
        assert loss(features, targets[:, 0], penalty, solved) <= expected * 1.001


def test_a_walk_that_is_cut_short_says_so_and_gives_what_it_has(monkeypatch, caplog):
    features, targets = labelled(100)
    monkeypatch.setattr(descent, "MOST_STEPS", 2)
    assert regressions(features, targets, [0.001]).any()
    assert "had not settled" in caplog.text

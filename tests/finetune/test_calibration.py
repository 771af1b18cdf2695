"""Thresholds and calibration are what their definitions say."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from workflow_scripts.finetune import calibration


def said(seed, n=60):
    """Logits that tell a little, targets, a few of them unknown."""
    generator = np.random.default_rng(seed)
    targets = generator.integers(0, 2, n).astype(float)
    logits = np.round(generator.normal(targets, 1), 1)  # with ties
    targets[:5] = np.nan
    return logits, targets


@pytest.mark.parametrize("seed", range(3))
def test_calibration_equals_a_weighted_regression_on_platts_targets(seed):
    logits, targets = said(seed)
    line = calibration.platt(logits, targets)
    known = ~np.isnan(targets)
    present = targets[known] == 1
    up, down = (present.sum() + 1) / (present.sum() + 2), 1 / ((~present).sum() + 2)
    share = np.where(present, up, down)
    twice = np.r_[logits[known], logits[known]][:, None]
    classes = np.r_[np.ones(known.sum()), np.zeros(known.sum())]
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10000)
    model.fit(twice, classes, sample_weight=np.r_[share, 1 - share])
    assert line.slope == pytest.approx(model.coef_[0, 0], rel=1e-3)
    assert line.intercept == pytest.approx(model.intercept_[0], rel=1e-3, abs=1e-3)


def test_the_mean_calibrated_chance_is_the_share_of_those_present():
    logits, targets = said(0, 4000)
    chances = calibration.calibrated(expit(logits), calibration.platt(logits, targets))
    assert chances.mean() == pytest.approx(np.nanmean(targets), abs=0.01)


def test_a_faultless_ranking_still_has_a_finite_line_and_a_reversed_one_slope_0():
    logits, targets = np.arange(10.0), (np.arange(10) > 4).astype(float)
    assert 0 < calibration.platt(logits, targets).slope < 100
    upside_down = calibration.platt(-logits, targets)
    assert upside_down.slope == 0
    assert expit(upside_down.intercept) == pytest.approx(0.5)


@pytest.mark.parametrize("targets", [[1, 1, np.nan], [0, 0, 0], [np.nan] * 3])
def test_one_class_alone_gives_no_line_and_no_threshold(targets):
    scores, targets = np.array([0.1, 0.5, 0.9]), np.array(targets, float)
    assert calibration.platt(scores, targets) is None
    assert calibration.youden(scores, targets) is None
    assert calibration.sensitive(scores, targets, 0.9) is None
    assert np.isnan(calibration.calibrated(scores, None)).all()


@pytest.mark.parametrize("seed", range(5))
def test_thresholds_equal_a_search_over_all_cuts(seed):
    logits, targets = said(seed)
    scores = expit(logits)
    known = ~np.isnan(targets)

    def rates(cut):
        above, present = scores[known] >= cut, targets[known] == 1
        return above[present].mean(), (~above)[~present].mean()

    every = {cut: rates(cut) for cut in np.unique(scores[known])}
    best = calibration.youden(scores, targets)
    assert rates(best.threshold) == (best.sensitivity, best.specificity)
    assert sum(rates(best.threshold)) == pytest.approx(max(map(sum, every.values())))
    kept = calibration.sensitive(scores, targets, 0.9)
    assert rates(kept.threshold) == (kept.sensitivity, kept.specificity)
    highest = max(cut for cut, (found, _) in every.items() if found >= 0.9)
    assert rates(kept.threshold) == every[highest]
    assert not np.isin([best.threshold, kept.threshold], scores).any()


def test_log_odds_of_a_sigmoid_are_what_it_was_made_of_and_certainty_stays_finite():
    logits = np.linspace(-15, 15, 31)
    assert np.allclose(calibration.log_odds(expit(logits)), logits)
    assert np.isfinite(calibration.log_odds(np.array([0.0, 1.0]))).all()

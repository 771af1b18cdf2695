import numpy as np
import pandas as pd
import pytest
from sklearn.isotonic import IsotonicRegression

from workflow_scripts.evaluate import efficiency
from workflow_scripts.evaluate.curves import labels_needed, monotone

N_LABELS = np.array([10.0, 100.0, 1000.0])


@pytest.mark.parametrize("seed", range(5))
def test_a_monotone_curve_is_isotonic_regression(seed):
    scores = np.random.default_rng(seed).normal(size=(20, 6))
    for ours, curve in zip(monotone(scores), scores, strict=True):
        theirs = IsotonicRegression().fit_transform(np.arange(6), curve)
        assert ours == pytest.approx(theirs)


def test_a_curve_with_a_gap_is_nan():
    assert np.isnan(monotone(np.array([[0.5, np.nan, 0.9]]))).all()


def needed(curve, target):
    return labels_needed(N_LABELS, np.array([curve]), np.array([target]))[0]


def test_labels_are_read_off_a_hand_made_curve():
    curve = [0.6, 0.7, 0.9]
    assert needed(curve, 0.7) == 100
    assert needed(curve, 0.9) == 1000
    assert needed(curve, 0.65) == pytest.approx(10**1.5)
    assert needed(curve, 0.85) == pytest.approx(10**2.75)


def test_nothing_is_said_outside_the_sweep():
    assert needed([0.6, 0.7, 0.9], 0.91) == np.inf
    assert needed([0.6, 0.7, 0.9], 0.3) == 10
    assert np.isnan(needed([0.6, np.nan, 0.9], 0.7))


def test_a_plateau_is_reached_at_its_first_budget():
    assert needed([0.7, 0.7, 0.7], 0.7) == 10
    assert needed([0.6, 0.7, 0.7], 0.7) == 100


def table(curves):
    """Metrics and resamples (all alike) for curves of encoders over 10, 100, 1000."""
    rows = [
        {
            "encoder": encoder,
            "protocol": "linear_probe",
            "budget": str(int(n_labels)),
            "n_labels": int(n_labels),
            "draw": "all",
            "dataset": "clinic",
            "finding": "macro",
            "metric": "auroc",
            "value": value,
        }
        for encoder, curve in curves.items()
        for n_labels, value in zip(N_LABELS, curve, strict=True)
    ]
    frame = pd.DataFrame(rows)
    return frame, np.repeat(frame[["value"]].to_numpy(), 50, axis=1)


def row(found, encoder, reached_by):
    (mine,) = found[
        (found["encoder"] == encoder) & (found["reached_by"] == reached_by)
    ].to_dict("records")
    return mine


def test_a_hand_made_curve_gives_the_exact_labels_and_savings():
    curves = {"random": [0.60, 0.70, 0.80], "moco": [0.70, 0.80, 0.90]}
    found = efficiency.needed(*table(curves), "random", "auroc")
    mine = row(found, "moco", "random at 1000")
    assert mine["n_labels"] == pytest.approx(100)
    assert mine["baseline_n_labels"] == 1000
    assert (mine["low"], mine["high"]) == pytest.approx((100, 100))
    assert mine["equivalent"] == pytest.approx(10)
    assert (mine["equivalent_low"], mine["equivalent_high"]) == pytest.approx((10, 10))
    assert mine["reach"] == "within"


def test_budgets_that_cost_as_many_labels_count_as_their_mean_in_any_order():
    curves = {"random": [0.60, 0.70, 0.80], "moco": [0.70, 0.80, 0.90]}
    frame, resamples = table(curves)
    twice = frame[frame["n_labels"] == 100].assign(budget="50 per class")
    spread = pd.concat([frame, twice], ignore_index=True)
    spread["value"] += 0.04 * (spread["budget"] == "100")
    spread["value"] -= 0.04 * (spread["budget"] == "50 per class")
    found = []
    for rows in (spread, spread.iloc[::-1].reset_index(drop=True)):
        resampled = np.repeat(rows[["value"]].to_numpy(), 50, axis=1)
        found.append(row(needed_of(rows, resampled), "moco", "random at 1000"))
    once = row(needed_of(frame, resamples), "moco", "random at 1000")
    for mine in found:
        assert mine["n_labels"] == pytest.approx(once["n_labels"])
        assert mine["equivalent"] == pytest.approx(once["equivalent"])


def needed_of(frame, resamples):
    return efficiency.needed(frame, resamples, "random", "auroc")


def test_a_score_that_is_not_reached_is_nan_with_an_open_interval():
    curves = {"random": [0.60, 0.70, 0.80], "worse": [0.50, 0.60, 0.70]}
    mine = row(
        efficiency.needed(*table(curves), "random", "auroc"), "worse", "random at 1000"
    )
    assert mine["reach"] == "beyond"
    assert np.isnan(mine["n_labels"])
    assert np.isnan(mine["equivalent"])
    assert (mine["low"], mine["high"]) == (np.inf, np.inf)
    assert mine["equivalent_low"] == 0
    assert mine["equivalent_high"] == 1  # it needs more than 1000, the baseline 1000


def test_a_score_passed_at_once_is_an_upper_bound():
    curves = {"random": [0.60, 0.70, 0.80], "moco": [0.75, 0.80, 0.90]}
    mine = row(
        efficiency.needed(*table(curves), "random", "auroc"), "moco", "random at 100"
    )
    assert mine["reach"] == "at_most"
    assert mine["n_labels"] == 10
    assert mine["equivalent"] == pytest.approx(10)
    assert (mine["equivalent_low"], mine["equivalent_high"]) == pytest.approx(
        (10, np.inf)
    )

import numpy as np
import pytest

from workflow_scripts.evaluate import bootstrap, statistics

PATIENTS = np.array([0, 0, 1, 2, 2, 2, 3])


def test_a_patient_comes_whole_or_not_at_all():
    weights = bootstrap.patient_weights(PATIENTS, 200, 1, "clinic")
    for patient in range(4):
        mine = weights[:, patient == PATIENTS]
        assert (mine == mine[:, :1]).all()


def test_every_resample_draws_as_many_patients_as_there_are():
    weights = bootstrap.patient_weights(PATIENTS, 200, 1, "clinic")
    firsts = [0, 2, 3, 6]
    assert (weights[:, firsts].sum(axis=1) == 4).all()
    assert (weights[0] == 1).all()


def test_every_patient_is_drawn_once_on_average():
    patients = np.arange(20)
    weights = bootstrap.patient_weights(patients, 5000, 1, "clinic")[1:]
    assert weights.mean(axis=0) == pytest.approx(np.ones(20), abs=0.07)
    assert weights.var(axis=0) == pytest.approx(np.full(20, 0.95), abs=0.1)


def test_the_same_seed_gives_the_same_resamples_and_another_does_not():
    first = bootstrap.patient_weights(PATIENTS, 50, 1, "clinic")
    np.testing.assert_array_equal(
        first, bootstrap.patient_weights(PATIENTS, 50, 1, "clinic")
    )
    for seed, dataset in ((2, "clinic"), (1, "elsewhere")):
        other = bootstrap.patient_weights(PATIENTS, 50, seed, dataset)
        assert (first[1:] != other[1:]).any()


@pytest.mark.parametrize("n_draws", [1, 2, 3, 5])
def test_resampled_draws_vary_as_the_mean_of_draws_does(n_draws):
    shares = bootstrap.draw_shares(n_draws, 40_000, 1)
    assert shares.sum(axis=1) == pytest.approx(np.ones(40_001))
    assert shares[0] == pytest.approx(np.full(n_draws, 1 / n_draws))
    values = np.random.default_rng(0).normal(size=n_draws)
    expected = values.var(ddof=1) / n_draws if n_draws > 1 else 0
    assert (shares[1:] @ values).var() == pytest.approx(expected, rel=0.05)


def test_the_interval_leaves_out_resamples_without_a_value():
    low, high = bootstrap.interval(np.array([*range(101), np.nan], np.float32))
    assert (low, high) == pytest.approx((2.5, 97.5))
    assert np.isnan(bootstrap.interval(np.array([np.nan]))).all()


def test_intervals_over_clustered_patients_cover_the_truth():
    """Three alike images of each patient; images resampled singly would miss often."""
    generator = np.random.default_rng(7)
    auroc = statistics.load("auroc")
    truth, covered, repeats = 0.7602, 0, 60  # Phi(1 / sqrt(2))
    patients = np.repeat(np.arange(120), 3)
    for repeat in range(repeats):
        person = generator.normal(size=120)
        targets = (generator.random(120) < 0.4).astype(float)[patients]
        own = generator.normal(size=360)
        scores = targets + np.sqrt(0.8) * person[patients] + np.sqrt(0.2) * own
        weights = bootstrap.patient_weights(patients, 300, repeat, "simulated")
        low, high = bootstrap.interval(auroc(targets, scores, weights)[1:])
        covered += low <= truth <= high
    assert covered / repeats >= 0.85

import pkgutil

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from workflow_scripts.evaluate import ranking, statistics

NAMES = [m.name for m in pkgutil.iter_modules(statistics.__path__)]


@pytest.fixture(params=NAMES)
def statistic(request):
    return statistics.load(request.param)


@pytest.fixture(params=[name for name in NAMES if name != "dice"])
def ranking_statistic(request):
    return statistics.load(request.param)


def a_case(seed, n_images=60):
    """Scores with ties, unknown targets, and weights of which some are 0."""
    generator = np.random.default_rng(seed)
    targets = generator.choice([0, 1, np.nan], n_images, p=[0.6, 0.3, 0.1])
    scores = generator.integers(0, 12, n_images) / 12 + 0.3 * (targets == 1)
    weights = generator.integers(0, 4, (7, n_images)).astype(float)
    weights[1] = generator.random(n_images) * (generator.random(n_images) < 0.7)
    return targets, scores, weights


def pairs_in_order(targets, scores, weights):
    """AUROC by looking at every pair."""
    right = pairs = 0.0
    for i in np.flatnonzero(targets == 1):
        for j in np.flatnonzero(targets == 0):
            pair = weights[i] * weights[j]
            pairs += pair
            right += pair * ((scores[i] > scores[j]) + 0.5 * (scores[i] == scores[j]))
    return right / pairs


def precision_over_recall(targets, scores, weights):
    """Average precision by its definition, one threshold at a time."""
    total, recall, area = weights[targets == 1].sum(), 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        called = (scores >= threshold) & ~np.isnan(targets)
        found = weights[called & (targets == 1)].sum()
        if weights[called].sum() > 0:
            area += (found / total - recall) * found / weights[called].sum()
        recall = found / total
    return area


DEFINITIONS = {
    "auroc": (pairs_in_order, roc_auc_score),
    "average_precision": (precision_over_recall, average_precision_score),
}


def test_every_statistic_has_a_reference_here():
    assert set(NAMES) == {*DEFINITIONS, "dice"}


def test_dice_is_the_mean_over_images_as_often_as_each_counts():
    targets, scores, weights = a_case(6)
    wanted = [
        np.average(scores[targets >= 0], weights=row[targets >= 0]) for row in weights
    ]
    dice = statistics.load("dice")
    np.testing.assert_allclose(dice(targets, scores, weights), wanted, rtol=1e-12)
    assert np.isnan(dice(targets, scores, np.where(targets >= 0, 0, weights))).all()


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("name", DEFINITIONS)
def test_equals_the_definition(name, seed):
    targets, scores, weights = a_case(seed)
    values = statistics.load(name)(targets, scores, weights)
    known = ~np.isnan(targets)
    definition, sklearn = DEFINITIONS[name]
    for value, row in zip(values, weights, strict=True):
        assert value == pytest.approx(definition(targets, scores, row), abs=1e-12)
        theirs = sklearn(targets[known], scores[known], sample_weight=row[known])
        assert value == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_scores_without_ties_equal_sklearn(name):
    generator = np.random.default_rng(3)
    targets = (generator.random(400) < 0.1).astype(float)
    scores = generator.normal(size=400) + targets
    value = statistics.load(name)(targets, scores, np.ones((1, 400)))
    assert value == pytest.approx([DEFINITIONS[name][1](targets, scores)], abs=1e-12)


def test_a_whole_weight_equals_repeating_the_image(statistic):
    targets, scores, weights = a_case(1)
    counts = weights[:1].astype(np.uint16)
    again = np.repeat(np.arange(len(targets)), counts[0])
    repeated = statistic(targets[again], scores[again], np.ones((1, len(again))))
    assert statistic(targets, scores, counts) == pytest.approx(repeated, abs=1e-12)


def test_blocks_of_resamples_change_nothing(statistic, monkeypatch):
    targets, scores, weights = a_case(2)
    weights = np.tile(weights, (9, 1))
    whole = statistic(targets, scores, weights)
    monkeypatch.setattr(ranking, "BLOCK_BYTES", 1)
    np.testing.assert_array_equal(whole, statistic(targets, scores, weights))
    fortran = np.asfortranarray(weights)
    np.testing.assert_array_equal(whole, statistic(targets, scores, fortran))


def test_an_unknown_target_is_left_out_whatever_its_score(statistic):
    targets, scores, weights = a_case(4)
    unknown = np.isnan(targets)
    changed = np.where(unknown, np.nan, scores)
    np.testing.assert_array_equal(
        statistic(targets, scores, weights), statistic(targets, changed, weights)
    )


def test_only_the_order_of_scores_counts(ranking_statistic):
    targets, scores, weights = a_case(5)
    np.testing.assert_array_equal(
        ranking_statistic(targets, scores, weights),
        ranking_statistic(targets, np.exp(3 * scores), weights),
    )


@pytest.mark.parametrize("missing", [0, 1])
def test_a_missing_class_gives_nan(ranking_statistic, missing):
    targets = np.array([0.0, 1, 1, 0, np.nan])
    scores = np.arange(5.0)
    weights = np.ones((2, 5))
    weights[0, targets == missing] = 0
    absent, present = ranking_statistic(targets, scores, weights)
    assert np.isnan(absent)
    assert 0 <= present <= 1
    others = np.where(targets == missing, np.nan, targets)
    assert np.isnan(ranking_statistic(others, scores, np.ones((3, 5)))).all()
    assert np.isnan(
        ranking_statistic(np.full(5, np.nan), scores, np.ones((3, 5)))
    ).all()


def test_a_perfect_order_is_1_and_infinite_scores_are_scores(ranking_statistic):
    targets = np.array([0.0, 0, 1, 1])
    scores = np.array([-np.inf, 0, 1, np.inf])
    assert ranking_statistic(targets, scores, np.ones((1, 4))) == [1]


def test_shapes_that_do_not_match_and_missing_scores_are_refused(statistic):
    with pytest.raises(ValueError, match="do not match"):
        statistic(np.ones(3), np.ones(4), np.ones((1, 3)))
    with pytest.raises(ValueError, match="no score"):
        statistic(np.ones(2), np.array([1, np.nan]), np.ones((1, 2)))

"""Folds: by patient, each with its share of every class; nobody judges himself."""

from collections import Counter

import numpy as np
import pytest

from workflow_scripts.finetune.folds import dealt, folds


def cohort(n_patients, rates, seed=0):
    """Patients of 1 to 3 images, and findings, a few of them unknown."""
    generator = np.random.default_rng(seed)
    number = np.repeat(np.arange(n_patients), generator.integers(1, 4, n_patients))
    targets = (generator.random((len(number), len(rates))) < rates).astype(float)
    targets[generator.random(targets.shape) < 0.1] = np.nan
    return np.array([f"p{one}" for one in number]), targets


@pytest.mark.parametrize("n_patients", [2, 3, 7, 10, 40])
def test_a_patient_teaches_in_all_folds_but_one_and_judges_in_that_one(n_patients):
    patients, targets = cohort(n_patients, [0.5, 0.2])
    found = folds(patients, targets, seed=1)
    assert len(found) == min(5, max(2, n_patients // 2))
    times = Counter()
    for taught, judged in found:
        assert not set(patients[taught]) & set(patients[judged])
        assert sorted([*taught, *judged]) == list(range(len(patients)))
        assert len(taught)
        times.update(judged.tolist())
    assert times == dict.fromkeys(range(len(patients)), 1)


def test_the_same_patients_are_divided_alike_and_another_seed_divides_otherwise():
    patients, targets = cohort(30, [0.5])
    first, again, other = (folds(patients, targets, seed) for seed in (1, 1, 2))
    for one, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(one[1], same[1])
    assert any(
        not np.array_equal(one[1], two[1])
        for one, two in zip(first, other, strict=True)
    )


@pytest.mark.parametrize("seed", range(5))
def test_of_one_finding_each_fold_has_its_share_of_both_classes(seed):
    generator = np.random.default_rng(seed)
    present = generator.permutation(np.arange(43) < 12)
    shown = np.column_stack([present, ~present]).astype(np.int64)
    place = dealt(shown, 5, generator)
    for class_ in shown.T:
        sizes = np.bincount(place[class_ == 1], minlength=5)
        assert sizes.max() - sizes.min() <= 1
    sizes = np.bincount(place, minlength=5)
    assert sizes.max() - sizes.min() <= 1


@pytest.mark.parametrize("least", [2, 3, 4, 8])
def test_every_fold_of_a_budget_per_class_can_tell(least):
    """So many patients with the finding and as many without: each fold has both."""
    targets = np.repeat([[1.0], [0.0]], least, axis=0)
    patients = np.array([f"p{number}" for number in range(2 * least)])
    for seed in range(10):
        for taught, judged in folds(patients, targets, seed):
            assert set(targets[taught, 0]) == set(targets[judged, 0]) == {0, 1}


def test_many_findings_are_shared_out_more_evenly_than_by_chance():
    rates = [0.5, 0.2, 0.1, 0.05]
    for seed in range(10):
        generator = np.random.default_rng(seed)
        shown = (generator.random((60, 4)) < rates).astype(np.int64)
        shown = np.hstack([shown, 1 - shown])
        shuffled = generator.permutation(60) % 5
        uneven = [
            sum(np.ptp(np.bincount(place[one == 1], minlength=5)) for one in shown.T)
            for place in (dealt(shown, 5, generator), shuffled)
        ]
        assert uneven[0] < uneven[1]
        rare = shown[:, shown.sum(axis=0).argmin()] == 1
        assert np.ptp(np.bincount(dealt(shown, 5, generator)[rare], minlength=5)) <= 1


def test_patients_of_whom_nothing_is_known_are_shared_out_too():
    patients = np.array([f"p{number}" for number in range(20)])
    found = folds(patients, np.full((20, 1), np.nan), seed=0)
    assert [len(judged) for _, judged in found] == [4] * 5


def test_one_patient_cannot_be_divided():
    with pytest.raises(ValueError, match="two patients"):
        folds(np.array(["a", "a"]), np.zeros((2, 1)), seed=0)

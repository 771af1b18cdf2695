"""Positive weights: the present weigh as much together as the absent."""

import numpy as np

from workflow_scripts.finetune.emphasis import balanced


def test_it_is_absent_over_present_among_those_that_are_known():
    generator = np.random.default_rng(0)
    targets = (generator.random((500, 3)) < [0.5, 0.1, 0.02]).astype(float)
    targets[generator.random((500, 3)) < 0.3] = np.nan
    targets[generator.random((500, 3)) < 0.1] = 0.5  # uncertain
    for found, column in zip(balanced(targets), targets.T, strict=True):
        known = [value for value in column if value in (0, 1)]
        assert found == known.count(0) / known.count(1)
        assert found * known.count(1) == known.count(0)


def test_where_a_class_is_missing_all_count_alike():
    targets = np.array([[1, 0, np.nan], [1, 0, 0.5]])
    np.testing.assert_array_equal(balanced(targets), [1, 1, 1])
    np.testing.assert_array_equal(balanced(targets[:0]), [1, 1, 1])

"""Collapse shows in the features: planted, it is seen; healthy features pass."""

import numpy as np
import pytest

from workflow_scripts.pretrain.watching import effective_rank, feature_std


def spread(n=500, width=16):
    return np.random.default_rng(0).normal(size=(n, width)).astype(np.float32)


def test_collapsed_features_have_no_deviation_and_rank_one():
    same = np.ones((100, 16), np.float32)
    assert feature_std(same) == pytest.approx(0, abs=1e-5)
    assert effective_rank(same) == pytest.approx(1, abs=0.01)


def test_spread_features_use_every_direction():
    assert feature_std(spread()) == pytest.approx(1, abs=0.05)
    assert effective_rank(spread()) == pytest.approx(16, rel=0.05)


def test_the_rank_counts_the_directions_in_use():
    flat = spread()
    flat[:, 4:] = 0
    assert effective_rank(flat) == pytest.approx(4, rel=0.05)

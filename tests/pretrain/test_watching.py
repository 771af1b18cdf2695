"""Collapse shows in the features: planted, it is seen; healthy features pass."""

import math

import numpy as np
import pytest
import timm
import torch

from workflow_scripts.core.encoders import Card
from workflow_scripts.pretrain.watching import (
    effective_rank,
    feature_std,
    features,
    measures,
    projections,
)


def spread(n=500, width=16):
    return np.random.default_rng(0).normal(size=(n, width)).astype(np.float32)


def slow_rank(features):
    values = np.linalg.svd(features.astype(np.float64), compute_uv=False)
    share = values / values.sum() + 1e-7
    return np.exp(-(share * np.log(share)).sum())


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


@pytest.mark.parametrize("shape", [(60, 90), (90, 60), (50, 50), (3, 200)])
@pytest.mark.parametrize("decay", [0, 1, 3])
def test_the_rank_equals_that_of_the_singular_values(shape, decay):
    seen = spread(*shape) * np.arange(1.0, shape[1] + 1, dtype=np.float32) ** -decay
    assert effective_rank(seen) == pytest.approx(slow_rank(seen), rel=1e-4)
    assert effective_rank(3 + seen) == pytest.approx(slow_rank(3 + seen), rel=1e-4)


def test_what_all_images_share_does_not_count_in_the_centred_rank():
    seen = measures(100 + spread(), None)
    assert seen["effective_rank"] < 2
    assert seen["centred_rank"] == pytest.approx(16, rel=0.05)
    assert math.isnan(seen["projection_std"])


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_features_that_are_not_finite_have_no_deviation_and_no_rank(odd):
    seen = spread()
    seen[3, 2] = odd
    told = measures(seen, seen)
    assert all(math.isnan(value) for value in told.values())


def test_large_features_keep_their_deviation():
    assert feature_std(1e30 * spread()) == pytest.approx(feature_std(spread()))


@pytest.mark.parametrize("training", [True, False])
def test_looking_changes_nothing_in_the_network(training):
    encoder = timm.create_model("test_resnet", in_chans=1, num_classes=0)
    method = torch.nn.Module()
    method.encoder = encoder
    method.projection_head = torch.nn.Sequential(
        torch.nn.Linear(encoder.num_features, 8), torch.nn.BatchNorm1d(8)
    )
    method.train(training)
    before = {key: value.clone() for key, value in method.state_dict().items()}
    images = torch.randint(256, (300, 32, 32), dtype=torch.uint8)
    card = Card(timm={}, size_px=32, mean=0.5, deviation=0.25)
    seen = features(encoder, images, card)
    assert projections(method, seen).shape == (300, 8)
    assert all(part.training == training for part in method.modules())
    after = method.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)

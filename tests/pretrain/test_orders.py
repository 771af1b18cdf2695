"""Each epoch has an order of its own, which its number and the seed decide."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import torch

from workflow_scripts.pretrain.orders import generator_of, order_of

DATASETS = np.array(["a"] * 6 + ["b"] * 30 + ["c"] * 4, object)


def order(sampling, seed=1, epoch=0):
    return order_of(DATASETS, sampling, generator_of(seed, epoch))


def test_every_image_is_met_once():
    assert sorted(order({}).tolist()) == list(range(40))


def test_seed_and_epoch_decide_the_order():
    assert torch.equal(order({}), order({}))
    assert not torch.equal(order({}), order({}, epoch=1))
    assert not torch.equal(order({}), order({}, seed=2))


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        ({"a": 1, "b": 1}, {"a": 20, "b": 20}),
        ({"a": 1, "b": 2, "c": 1}, {"a": 10, "b": 20, "c": 10}),
        ({"a": 0, "b": 1, "c": 0}, {"b": 40}),
        ({"a": 1, "b": 1, "none": 7}, {"a": 20, "b": 20}),
        ({"a": 1, "b": 1, "c": 1}, {"a": 14, "b": 13, "c": 13}),
    ],
)
def test_datasets_are_met_as_often_as_asked(sampling, expected):
    met = order(sampling)
    assert Counter(DATASETS[met.numpy()]) == expected
    times = Counter(met.tolist())
    for name in expected:
        seen = [times[row] for row in np.flatnonzero(name == DATASETS)]
        assert max(seen) - min(seen) <= 1


def test_datasets_are_mixed():
    names = DATASETS[order({"a": 1, "b": 1}).numpy()]
    assert sum(one != other for one, other in pairwise(names)) > 5

"""Barlow Twins' loss, against the paper's equations 1 and 2."""

import pytest
import torch

from tests.pretrain.toy import made, passed, projections, views
from workflow_scripts.pretrain.methods.barlow_twins import barlow_twins_loss


def by_the_paper(first, second, weight):
    """One pair of features after the other, each centred along the batch."""
    first, second = first.double(), second.double()
    total = 0.0
    for i in range(first.shape[1]):
        for j in range(first.shape[1]):
            a = first[:, i] - first[:, i].mean()
            b = second[:, j] - second[:, j].mean()
            c = (a * b).sum() / (a.square().sum().sqrt() * b.square().sum().sqrt())
            total += (1 - c) ** 2 if i == j else weight * c**2
    return float(total)


@pytest.mark.parametrize("weight", [0.0051, 1.0])
def test_the_loss_equals_equation_one(weight):
    first, second = projections(length=100)  # so that epsilon does not count
    found = barlow_twins_loss(first, second, weight).item()
    assert found == pytest.approx(by_the_paper(first, second, weight), rel=1e-5)


def test_views_that_agree_with_features_that_do_not_go_together_cost_nothing():
    one = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
    assert barlow_twins_loss(one, 2 * one + 1, 1.0).item() == pytest.approx(0, abs=1e-8)


def test_the_method_gives_that_loss_in_float32_under_autocast():
    method = made("barlow_twins")
    found, (z1, z2) = passed(method, views(), "projection_head")
    expected = by_the_paper(z1, z2, 0.0051)
    assert found.item() == pytest.approx(expected, rel=2e-3)  # epsilon counts here
    assert found.item() == pytest.approx(
        barlow_twins_loss(z1, z2, 0.0051).item(), rel=1e-6
    )

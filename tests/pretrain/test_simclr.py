"""SimCLR's loss, against equation 1 of the paper."""

import math

import pytest
import torch

from tests.pretrain.toy import made, passed, projections, views
from workflow_scripts.pretrain.methods.simclr import nt_xent


def by_the_paper(first, second, temperature):
    """Algorithm 1, one pair of 2N views after the other."""
    z = [row / row.norm() for pair in zip(first, second, strict=True) for row in pair]

    def loss(i, j):
        others = [math.exp(z[i] @ z[k] / temperature) for k in range(len(z)) if k != i]
        return -math.log(math.exp(z[i] @ z[j] / temperature) / sum(others))

    pairs = range(0, len(z), 2)
    return sum(loss(k, k + 1) + loss(k + 1, k) for k in pairs) / len(z)


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_the_loss_equals_equation_one(temperature):
    first, second = projections()
    found = nt_xent(first, second, temperature).item()
    assert found == pytest.approx(by_the_paper(first, second, temperature), rel=1e-5)


def test_views_that_agree_and_images_at_right_angles_give_the_least_loss():
    z = torch.eye(6)
    least = math.log(1 + 10 * math.exp(-1 / 0.5))
    assert nt_xent(z, 3 * z, 0.5).item() == pytest.approx(least, rel=1e-5)


def test_the_method_gives_that_loss_in_float32_under_autocast():
    found, (z,) = passed(made("simclr"), views(), "projection_head")
    expected = by_the_paper(*z.chunk(2), 0.1)
    assert found.item() == pytest.approx(expected, rel=1e-5)

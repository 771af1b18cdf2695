"""BYOL's loss and target network, against the paper's equations 1 and 2."""

import pytest
import torch

from tests.pretrain.toy import made, passed, projections, views
from workflow_scripts.pretrain.methods.byol import byol_loss


def by_the_paper(prediction, projection):
    """The squared distance of unit vectors, one image at a time."""
    total = 0.0
    for q, z in zip(prediction, projection, strict=True):
        total += (q / q.norm() - z / z.norm()).square().sum()
    return float(total / len(prediction))


def test_the_loss_equals_equation_two():
    q, z = projections()
    assert byol_loss(q, z).item() == pytest.approx(by_the_paper(q, z), rel=1e-5)


def test_the_same_direction_costs_nothing_and_the_opposite_four():
    q, _ = projections()
    assert byol_loss(q, 3 * q).item() == pytest.approx(0, abs=1e-6)
    assert byol_loss(q, -q).item() == pytest.approx(4, rel=1e-6)


def test_the_method_adds_both_directions_in_float32_under_autocast():
    method = made("byol")
    found, (q1, q2), (z1, z2) = passed(method, views(), "predictor", "target_head")
    expected = by_the_paper(q1, z2) + by_the_paper(q2, z1)
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_no_gradient_reaches_the_target_network():
    method = made("byol")
    method(*views()).backward()
    assert all(p.grad is None for p in method.target_encoder.parameters())
    assert all(p.grad is None for p in method.target_head.parameters())


@pytest.mark.parametrize(("share", "momentum"), [(0, 0.996), (0.5, 0.998), (1, 1)])
def test_the_target_follows_by_a_momentum_that_rises_to_one(share, momentum):
    method = made("byol")
    before = [p.clone() for p in method.target_encoder.parameters()]
    with torch.no_grad():
        for weight in method.encoder.parameters():
            weight.add_(1)
    method.after_step(share)
    for old, now in zip(before, method.target_encoder.parameters(), strict=True):
        torch.testing.assert_close(now, old + (1 - momentum))

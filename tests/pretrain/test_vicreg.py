"""VICReg's loss, against the paper's equations 1 to 6 with the authors' two means."""

import pytest
import torch

from tests.pretrain.toy import made, passed, projections, views
from workflow_scripts.pretrain.methods.vicreg import Options, vicreg_loss


def by_the_paper(first, second, lam=25, mu=25, nu=1):
    n, d = first.shape
    s = sum((a - b).square().sum() for a, b in zip(first, second, strict=True)) / n

    def v(z):
        variance = [
            (z[:, j] - z[:, j].mean()).square().sum() / (n - 1) for j in range(d)
        ]
        return sum(max(0, 1 - float(x + 1e-4) ** 0.5) for x in variance) / d

    def c(z):
        z = z - sum(z) / n
        matrix = sum(torch.outer(row, row) for row in z) / (n - 1)
        pairs = [(i, j) for i in range(d) for j in range(d) if i != j]
        return sum(matrix[i, j] ** 2 for i, j in pairs) / d

    # the authors' code takes the mean of s over features and of v over views
    return float(
        lam * s / d + mu * (v(first) + v(second)) / 2 + nu * (c(first) + c(second))
    )


@pytest.mark.parametrize("weights", [(25, 25, 1), (1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_the_loss_equals_equation_six(weights):
    names = ("invariance_weight", "variance_weight", "covariance_weight")
    options = Options(**dict(zip(names, weights, strict=True)))
    first, second = projections(length=0.7)
    found = vicreg_loss(first, second, options).item()
    assert found == pytest.approx(by_the_paper(first, second, *weights), rel=1e-5)


def test_views_that_agree_and_vary_with_no_two_features_alike_cost_nothing():
    one = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
    assert vicreg_loss(one, one, Options()).item() == 0


def test_the_method_gives_that_loss_in_float32_under_autocast():
    found, (z1, z2) = passed(made("vicreg"), views(), "expander")
    assert found.item() == pytest.approx(by_the_paper(z1, z2), rel=1e-5)

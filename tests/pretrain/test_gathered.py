"""Two processes with half the batch each are one process with all of it."""

import pytest
import torch

from tests.pretrain import together
from workflow_scripts.pretrain.gathered import gathered, processes, rank_offset, summed


@pytest.fixture(scope="module")
def of_two(tmp_path_factory):
    return together.of_two("methods", tmp_path_factory.mktemp("together"))


def close(found, expected):
    """Within 1e-5 of the largest value there is, or of 1."""
    largest = max([1.0, *expected.abs().flatten().tolist()])
    return bool(((found - expected).abs() <= 1e-5 * largest).all())


@pytest.mark.parametrize("name", together.SMALL)
def test_two_processes_find_the_loss_gradient_and_state_of_one(name, of_two):
    one, two = together.trained(name), of_two[0][name]
    assert two["state"].keys() == one["state"].keys()
    for part in ("losses", "gradients"):
        for here, there in zip(one[part], two[part], strict=True):
            assert close(there, here)
    assert all(close(two["state"][key], value) for key, value in one["state"].items())


@pytest.mark.parametrize("name", together.SMALL)
def test_both_processes_end_with_the_same_bits(name, of_two):
    first, second = (found[name]["state"] for found in of_two)
    assert all(torch.equal(second[key], value) for key, value in first.items())


def test_a_process_alone_has_it_all():
    tensor = torch.randn(3, 2, requires_grad=True)
    assert gathered(tensor) is tensor
    assert summed(tensor) is tensor
    assert (processes(), rank_offset(3)) == (1, 0)

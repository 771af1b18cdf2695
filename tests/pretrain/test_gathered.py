"""Two processes with half the batch each are one process with all of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.pretrain import together
from workflow_scripts.pretrain.gathered import gathered, processes, rank_offset, summed

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def of_two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("together")
    known = os.environ | {"GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.pretrain.together"]
    running = [
        subprocess.Popen([*command, str(rank), "2", str(folder)], cwd=ROOT, env=known)
        for rank in range(2)
    ]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    return torch.load(folder / "everything.pt")


def close(found, expected):
    """Within 1e-5 of the largest value there is, or of 1."""
    largest = max([1.0, *expected.abs().flatten().tolist()])
    return bool(((found - expected).abs() <= 1e-5 * largest).all())


@pytest.mark.parametrize("name", together.SMALL)
def test_two_processes_find_the_loss_gradient_and_state_of_one(name, of_two):
    one, two = together.trained(name), of_two[name]
    assert two["state"].keys() == one["state"].keys()
    for part in ("losses", "gradients"):
        for here, there in zip(one[part], two[part], strict=True):
            assert close(there, here)
    assert all(close(two["state"][key], value) for key, value in one["state"].items())


def test_a_process_alone_has_it_all():
    tensor = torch.randn(3, 2, requires_grad=True)
    assert gathered(tensor) is tensor
    assert summed(tensor) is tensor
    assert (processes(), rank_offset(3)) == (1, 0)

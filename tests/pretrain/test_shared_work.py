"""Two processes that share each batch do what one does with the whole of it."""

import pytest
import torch

from tests.pretrain.shared_work import (
    ALIKE,
    saved_at_once_or_never,
    several,
    stopped_then_whole,
    trained,
)
from workflow_scripts.pretrain import launch

TOLERANCE = 1e-6  # of the way that all weights went together, in float64


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shared")
    return launch.together(several, 2, ALIKE, folder)


@pytest.mark.parametrize("method", ALIKE)
def test_two_processes_train_as_one_does_on_the_same_batches(method, shared, tmp_path):
    alone = trained(method, tmp_path)
    assert shared[method]["losses"] == pytest.approx(alone["losses"], rel=TOLERANCE)
    begun, ended, found = (
        torch.cat([values.flatten() for values in state.values()])
        for state in (alone["begun"], alone["state"], shared[method]["state"])
    )
    assert (found - ended).norm() < TOLERANCE * (ended - begun).norm()


def test_one_that_is_stopped_stops_the_other_and_both_go_on_to_the_same_bits(tmp_path):
    parts, whole = launch.together(stopped_then_whole, 2, "moco", tmp_path)
    assert parts["losses"] == whole["losses"]
    for name, expected in whole["state"].items():
        assert torch.equal(parts["state"][name], expected), name


def test_all_save_when_one_of_them_finds_it_time(tmp_path):
    often, never, kept = launch.together(saved_at_once_or_never, 2, "moco", tmp_path)
    assert kept == 2
    for name, expected in never["state"].items():
        assert torch.equal(often["state"][name], expected), name

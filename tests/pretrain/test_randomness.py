"""Every generator goes on from where it stood."""

import random

import numpy as np
import torch

from workflow_scripts.pretrain import randomness


def drawn():
    return (
        torch.rand(3).tolist(),
        random.random(),
        np.random.rand(3).tolist(),  # noqa: NPY002
    )


def test_generators_begin_where_the_seed_says():
    randomness.begin(5)
    first = drawn()
    randomness.begin(5)
    assert drawn() == first
    randomness.begin(6)
    assert drawn() != first


def test_a_kept_state_goes_through_a_file_and_on_to_the_same_numbers(tmp_path):
    randomness.begin(1)
    drawn()
    torch.save(randomness.state(), tmp_path / "state.pt")
    expected = [drawn(), drawn()]
    randomness.begin(2)
    randomness.restore(torch.load(tmp_path / "state.pt", weights_only=True))
    assert [drawn(), drawn()] == expected

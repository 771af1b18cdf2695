"""A checkpoint is whole or it is not used."""

import pytest
import torch

from workflow_scripts.pretrain import checkpoint


def saved(folder, *epochs):
    for epoch in epochs:
        checkpoint.save(
            {"epoch": epoch, "weight": torch.ones(3) * epoch}, folder, epoch
        )


def test_the_newest_is_found_and_the_last_two_are_kept(tmp_path):
    assert checkpoint.newest(tmp_path) is None
    saved(tmp_path, 1, 2, 3)
    assert checkpoint.newest(tmp_path)["epoch"] == 3
    kept = sorted(path.name for path in tmp_path.glob("*.pt"))
    assert kept == ["step-000000002.pt", "step-000000003.pt"]


@pytest.mark.parametrize("damage", ["flip", "cut", "unsealed"])
def test_a_damaged_one_is_passed_over_for_the_one_before(tmp_path, damage):
    saved(tmp_path, 1, 2)
    path = tmp_path / "step-000000002.pt"
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    elif damage == "cut":
        path.write_bytes(data[:-1])
    else:
        path.with_suffix(".sha256").unlink()
    assert checkpoint.newest(tmp_path)["epoch"] == 1

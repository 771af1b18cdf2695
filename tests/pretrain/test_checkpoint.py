"""A checkpoint is whole or it is not used."""

import resource
import signal

import pytest
import torch

from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain import checkpoint


def saved(folder, *steps):
    for step in steps:
        state = {"step": step, "weight": torch.ones(3) * step}
        checkpoint.save(state, folder, step)


def found(folder):
    name = checkpoint.newest(folder)
    return name and checkpoint.read(folder / name)["step"]


def test_the_newest_is_found_and_the_last_two_are_kept(tmp_path):
    assert found(tmp_path) is None
    saved(tmp_path, 1, 2, 13)
    assert found(tmp_path) == 13
    kept = sorted(path.name for path in tmp_path.glob("*.pt"))
    assert kept == ["step-000000002.pt", "step-000000013.pt"]


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
    assert found(tmp_path) == 1


def test_what_a_killed_process_left_of_one_is_swept_away(tmp_path):
    (tmp_path / "step-000000001.partial").write_bytes(b"torn")
    saved(tmp_path, 2)
    assert not list(tmp_path.glob("*.partial"))


def test_one_that_cannot_be_written_leaves_the_one_before_and_says_so(tmp_path):
    saved(tmp_path, 1)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, limits[1]))  # as on a full disk
    try:
        with pytest.raises(InputError, match=r"cannot be written, .* GiB are free"):
            saved(tmp_path, 2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert found(tmp_path) == 1
    assert not list(tmp_path.glob("*.partial"))

"""Files of weights are read for their tensors, and nothing in them is ever run."""

import argparse
import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain.weights import reading

ONE = {"fc.weight": torch.ones(2, 3)}


@pytest.mark.parametrize("name", ["w.safetensors", "w.pth", "weights"])
def test_safetensors_are_known_by_what_is_in_them(name, tmp_path):
    save_file(ONE, tmp_path / name)
    assert torch.equal(reading.tensors(tmp_path / name)["fc.weight"], ONE["fc.weight"])


def test_names_tell_in_which_folder_a_tensor_lies(tmp_path):
    checkpoint = {
        "epoch": 7,
        "state_dict": ONE,
        "optimizer": {"state": {0: {"exp_avg": torch.ones(2)}}},
        "args": argparse.Namespace(arch="vit_small"),
        "loss": {"deep": {"center": torch.zeros(1)}},
    }
    torch.save(checkpoint, tmp_path / "w.pth")
    found = reading.tensors(tmp_path / "w.pth")
    assert found.keys() == {"state_dict/fc.weight", "loss/deep/center"}


def test_a_pickle_is_refused_and_never_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    (tmp_path / "w.pth").write_bytes(pickle.dumps(Trap(), protocol=2))
    with pytest.raises(InputError, match=r"weights_only; .*model.state_dict\(\)"):
        reading.tensors(tmp_path / "w.pth")
    torch.save({"state_dict": ONE, "trap": Trap()}, tmp_path / "w.pth")
    with pytest.raises(InputError, match=r"it holds \w+.open\); .*model.state_dict"):
        reading.tensors(tmp_path / "w.pth")
    assert not (tmp_path / "sprung").exists()


def test_a_whole_model_is_refused_with_a_line_that_says_how_to_export(tmp_path):
    torch.save(nn.Sequential(nn.Linear(1, 1)), tmp_path / "w.pt")
    with pytest.raises(
        InputError, match=r"torch.nn.\S+Linear.*torch.save\(model.state"
    ):
        reading.tensors(tmp_path / "w.pt")


def test_odd_hyperparameters_of_lightning_are_named(tmp_path):
    odd = {"transform": nn.Flatten()}
    torch.save({"state_dict": ONE, "hyper_parameters": odd}, tmp_path / "w.ckpt")
    with pytest.raises(InputError, match="Flatten") as refused:
        reading.tensors(tmp_path / "w.ckpt")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [{"epoch": 3}, [1, 2], torch.ones(3)])
def test_a_file_without_named_tensors_is_refused(content, tmp_path):
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(InputError, match="without tensors"):
        reading.tensors(tmp_path / "w.pth")


@pytest.mark.parametrize("name", ["w.safetensors", "w.pth"])
def test_a_file_that_was_cut_off_is_refused(name, tmp_path):
    path = tmp_path / name
    save_file(ONE, path) if "safe" in name else torch.save(ONE, path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError):
        reading.tensors(path)

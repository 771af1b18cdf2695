"""Where encoders start, and that anyone can load one with plain timm."""

import json
import pickle

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

from workflow_scripts.core import encoders
from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain import starts


@pytest.mark.parametrize("backbone", ["test_resnet", "test_vit"])
def test_an_encoder_loads_in_plain_timm_and_gives_the_same_features(backbone, tmp_path):
    model, card = starts.begun(backbone, "random", 64)
    encoders.save(model, card, tmp_path / "e.safetensors", tmp_path / "e.json")
    known = json.loads((tmp_path / "e.json").read_text())
    plain = timm.create_model(**known["timm"])
    plain.load_state_dict(load_file(tmp_path / "e.safetensors"), strict=True)
    images = torch.randn(2, 1, 64, 64)
    assert torch.equal(plain.eval()(images), model.eval()(images))


def test_weights_that_are_not_finite_are_never_published(tmp_path):
    model, card = starts.begun("test_resnet", "random", 64)
    with torch.no_grad():
        next(model.parameters()).fill_(torch.nan)
    with pytest.raises(InputError, match="not finite"):
        encoders.save(model, card, tmp_path / "e.safetensors", tmp_path / "e.json")


def colour_weights():
    return timm.create_model("test_resnet", num_classes=10).state_dict()


@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: {"state_dict": s, "epoch": 3}])
@pytest.mark.parametrize("prefix", ["", "module.", "module.encoder.", "backbone."])
def test_a_users_file_is_adopted_and_its_colour_stem_summed(tmp_path, prefix, wrap):
    state = colour_weights()
    torch.save(wrap({prefix + k: v for k, v in state.items()}), tmp_path / "w.pth")
    model, _ = starts.begun("test_resnet", "file", 64)
    told = starts.adopt(model, starts.read_weights(tmp_path / "w.pth"))
    assert told["matched_share"] == 1
    assert told["missing"] == []
    assert sorted(told["left_over"]) == ["fc.bias", "fc.weight"]
    grey = torch.randn(2, 1, 64, 64)
    theirs = timm.create_model("test_resnet", num_classes=0)
    theirs.load_state_dict({k: v for k, v in state.items() if "fc" not in k})
    seen = theirs.eval()(grey.expand(-1, 3, -1, -1))
    torch.testing.assert_close(model.eval()(grey), seen, atol=1e-5, rtol=1e-4)


def test_safetensors_are_read_too(tmp_path):
    save_file(colour_weights(), tmp_path / "w.safetensors")
    assert "fc.bias" in starts.read_weights(tmp_path / "w.safetensors")


def test_a_file_that_is_for_another_network_is_refused(tmp_path):
    model, _ = starts.begun("test_resnet", "file", 64)
    with pytest.raises(InputError, match="only 0% of the encoder's weights"):
        starts.adopt(model, {"blocks.0.weight": torch.zeros(3)})


def test_a_pickle_is_refused_and_never_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    (tmp_path / "w.pth").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(InputError, match="weights_only"):
        starts.read_weights(tmp_path / "w.pth")
    assert not (tmp_path / "sprung").exists()

"""Networks of timm that encoders are proven to be made of, at sizes not their own."""

import json

import pytest
import timm
import torch
from safetensors.torch import load_file

from workflow_scripts.core import encoders
from workflow_scripts.pretrain import starts

SIZES = {
    "resnet18": 64,
    "resnet50": 32,
    "densenet121": 64,
    "convnext_atto": 64,
    "vit_small_patch16_224": 48,
    "vit_small_patch14_dinov2": 56,
    "vit_base_patch16_224": 32,
}


@pytest.fixture(autouse=True)
def _quick_draw(monkeypatch):
    """Let initial weights be as random, but from a distribution drawn in no time."""
    monkeypatch.setattr(
        "timm.models.vision_transformer.trunc_normal_", torch.nn.init.normal_
    )


@pytest.mark.parametrize("backbone", SIZES)
def test_an_encoder_loads_in_plain_timm_and_gives_the_same_features(backbone, tmp_path):
    size = SIZES[backbone]
    model, card = starts.begun(backbone, "random", size)
    encoders.save(model, card, tmp_path / "e.safetensors", tmp_path / "e.json")
    images = torch.randn(1, 1, size, size)
    with torch.no_grad():
        seen = model.eval()(images)
        del model

        known = json.loads((tmp_path / "e.json").read_text())
        with torch.device("meta"):  # no time for initial weights: all are in the file
            plain = timm.create_model(**known["timm"])
        state = load_file(tmp_path / "e.safetensors")
        plain.load_state_dict(state, strict=True, assign=True)
        assert torch.equal(plain.eval()(images), seen)
        del plain

        ours, same = encoders.load(tmp_path / "e.safetensors", tmp_path / "e.json")
        assert torch.equal(ours.eval()(images), seen)
    assert same == card
    assert seen.shape == (1, ours.num_features)

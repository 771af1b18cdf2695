"""Where encoders start: random weights, timm's, or a file with its checksum."""

import functools
import json

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

from tests.pretrain import foreign
from workflow_scripts.core import encoders, provenance
from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain import begin, starts
from workflow_scripts.pretrain.weights.formats import Pixels


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def recipe(**changed):
    choices = {"backbone": "test_resnet", "weights": "random", "size_px": 64, "seed": 0}
    choices |= dict.fromkeys(("sha256", "format", "mean", "deviation"))
    return begin.Recipe(**(choices | changed))


def made(folder, files=(), **changed):
    """The encoder and the card that the step writes."""
    paths = {n: folder / n for n in ("encoder", "card", "training")}
    begin.main(weights=list(files), recipe=recipe(**changed), **paths)
    return encoders.load(paths["encoder"], paths["card"])


def test_equal_seeds_begin_with_equal_weights(tmp_path):
    first, second, other = (made(tmp_path, seed=s)[0].state_dict() for s in (1, 1, 2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_weights_that_are_not_finite_are_never_published(tmp_path):
    model, card = starts.begun("test_resnet", "random", 64)
    with torch.no_grad():
        next(model.parameters()).fill_(torch.nan)
    with pytest.raises(InputError, match="not finite"):
        encoders.save(model, card, tmp_path / "e.safetensors", tmp_path / "e.json")


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """Let timm take its pretrained weights from a file instead of its hub."""

    def published(backbone, **changed):
        model = foreign.moved(timm.create_model(backbone))
        save_file(model.state_dict(), tmp_path / "hub.safetensors")
        overlay = {"file": str(tmp_path / "hub.safetensors"), **changed}
        real = functools.partial(timm.create_model, pretrained_cfg_overlay=overlay)
        monkeypatch.setattr(starts.timm, "create_model", real)
        return timm.create_model(backbone, num_classes=0, pretrained=True).eval()

    return published


@pytest.mark.parametrize("backbone", ["test_resnet", "test_vit", "test_convnext"])
def test_timms_weights_see_in_grey_what_they_saw_in_colour(backbone, hub):
    pixels = Pixels(mean=(0.6, 0.4, 0.3), deviation=(0.2, 0.25, 0.3))
    theirs = hub(backbone, mean=pixels.mean, std=pixels.deviation, license="mit")
    model, card = starts.begun(backbone, "timm", 160)
    assert card.notes["licence"] == "mit"
    assert card.mean == pytest.approx(1.3 / 3)
    images = foreign.greys(size=160)
    assert foreign.farthest(model.eval(), card, theirs, images, pixels) < 0.1


def test_timms_positions_are_interpolated_to_another_size(hub):
    theirs = hub("test_vit")
    model, _ = starts.begun("test_vit", "timm", 64)
    assert theirs.pos_embed.shape[1] == 101
    assert model.pos_embed.shape[1] == 17
    torch.testing.assert_close(model.pos_embed[:, 0], theirs.pos_embed[:, 0])


def test_weights_that_timm_does_not_have_are_refused_by_name():
    with pytest.raises(InputError, match=r"'test_resnet\.none' do not exist"):
        starts.begun("test_resnet", "timm:test_resnet.none", 64)


def colour_file(folder):
    theirs = foreign.moved(timm.create_model("test_resnet", num_classes=10))
    torch.save({"state_dict": theirs.state_dict()}, folder / "w.pth")
    theirs.reset_classifier(0)
    return folder / "w.pth", theirs.eval()


def test_a_users_file_becomes_an_encoder_whose_card_tells_all(tmp_path):
    file, theirs = colour_file(tmp_path)
    sha256 = provenance.sha256(file)
    model, card = made(tmp_path, [file], weights="file", sha256=sha256.upper())
    assert card.notes["sha256"] == sha256
    assert card.notes["licence"] == "unknown"
    assert card.notes["left_over"] == ["fc.bias", "fc.weight"]
    assert card.recipe["weights"] == "file"
    pixels = Pixels(
        mean=theirs.pretrained_cfg["mean"], deviation=theirs.pretrained_cfg["std"]
    )
    images = foreign.greys()
    assert foreign.farthest(model.eval(), card, theirs, images, pixels) < 0.1
    plain = timm.create_model(**json.loads((tmp_path / "card").read_text())["timm"])
    plain.load_state_dict(load_file(tmp_path / "encoder"), strict=True)


def test_a_file_that_is_not_the_one_asked_for_is_refused(tmp_path):
    file, _ = colour_file(tmp_path)
    with pytest.raises(InputError, match="another file or damaged"):
        made(tmp_path, [file], weights="file", sha256="0" * 64)

"""Files of other projects give an encoder that sees what their own network sees."""

import argparse
import pkgutil
import re

import pytest
import torch
from torch import nn

from tests.pretrain import foreign
from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain.weights import formats, naming
from workflow_scripts.pretrain.weights.formats import Pixels

EXACT = 2e-4  # of the features' spread: float32, sums in another order
# With other pixels, zeros around an image are another grey: see test_weights_grey.
GREY = {"mean": 0.4, "deviation": 0.2}
ALIKE = Pixels(mean=(0.4,) * 3, deviation=(0.2,) * 3)


def without_head(model):
    return nn.Sequential(*list(model.children())[:-1]).eval()


def head(width=512):
    return {"0.weight": torch.randn(4, width), "0.bias": torch.randn(4)}


def moco(net, other):
    named = foreign.before("module.encoder_q.", net.state_dict())
    keys = foreign.before("module.encoder_k.", other.state_dict())
    queue = {"module.queue": torch.randn(4, 8)}
    return {"epoch": 3, "arch": "resnet18", "state_dict": {**named, **keys, **queue}}


def moco_v3(net, other):
    named = foreign.before("module.base_encoder.", net.state_dict())
    copy = foreign.before("module.momentum_encoder.", other.state_dict())
    predictor = foreign.before("module.predictor.", head())
    return {"state_dict": {**copy, **named, **predictor}, "optimizer": {"state": {}}}


def dino(net, other):
    student = foreign.before("module.backbone.", other.state_dict())
    teacher = foreign.before("backbone.", net.state_dict())
    heads = foreign.before("head.mlp.", head(32))
    return {
        "student": {**student, **foreign.before("module.", heads)},
        "teacher": {**teacher, **heads},
        "args": argparse.Namespace(arch="vit_small", lr=0.1),
        "dino_loss": {"center": torch.zeros(1, 4)},
    }


def mae(net, other):
    decoder = {"decoder_pos_embed": torch.zeros(1, 17, 8), "mask_token": torch.zeros(1)}
    decoder |= foreign.before("decoder_blocks.0.", other.blocks[0].state_dict())
    return {"model": {**net.state_dict(), **decoder}, "args": argparse.Namespace(a=1)}


def solo_learn(net, other):
    return {
        "state_dict": {
            **foreign.before("momentum_backbone.", other.state_dict()),
            **foreign.before("backbone.", net.state_dict()),
            "classifier.weight": torch.randn(7, 512),
            **foreign.before("projector.", head()),
        },
        "pytorch-lightning_version": "2.1.0",
        "hyper_parameters": {"method": "byol", "lr": 0.3},
    }


def old_solo_learn(net, other):
    new = solo_learn(net, other)["state_dict"]
    return {"state_dict": {n.replace("backbone", "encoder"): t for n, t in new.items()}}


def lightly(net, other):
    copy = foreign.before("backbone_momentum.", without_head(other).state_dict())
    named = foreign.before("backbone.", without_head(net).state_dict())
    return {
        "state_dict": {**copy, **named, **foreign.before("projection_head.", head())}
    }


def lightly_dino(net, other):
    student = foreign.before("student_backbone.", without_head(other).state_dict())
    return {
        **student,
        **foreign.before("teacher_backbone.", without_head(net).state_dict()),
    }


def lightning(net, other):
    named = foreign.before("model.net.", net.state_dict())
    return {"state_dict": {**named, "loss.weight": torch.ones(3)}, "epoch": 1}


def timm_training(net, other):
    return {"state_dict": other.state_dict(), "state_dict_ema": net.state_dict()}


RESNETS = {
    "plain": lambda net, other: net.state_dict(),
    "moco": moco,
    "moco_v3": moco_v3,
    "solo_learn": solo_learn,
    "solo_learn, old": old_solo_learn,
    "lightly": lightly,
    "lightly, children": lambda net, other: without_head(net).state_dict(),
    "lightly, dino": lightly_dino,
    "plain, lightning": lightning,
    "plain, compiled": lambda net, other: foreign.before(
        "_orig_mod.", net.state_dict()
    ),
    "plain, averaged": timm_training,
}


@pytest.fixture(autouse=True, scope="module")
def _seed():
    torch.manual_seed(0)


@pytest.fixture(scope="module")
def resnets():
    net, other = foreign.vision_resnet(), foreign.moved(foreign.vision_resnet(), seed=1)
    return net, other, without_head(net)


@pytest.mark.parametrize("name", RESNETS)
def test_a_resnet_is_found_whatever_stands_around_it(name, tmp_path, resnets):
    net, other, theirs = resnets
    model, card = foreign.grey_twin("resnet18")
    checkpoint = RESNETS[name](net, other)
    card = foreign.adopted(tmp_path, checkpoint, model, card, **GREY)
    assert card.notes["format"] == name.partition(",")[0]
    assert card.notes["matched_share"] == 1
    assert card.notes["missing"] == []
    assert foreign.farthest(model, card, theirs, foreign.greys(), ALIKE) < EXACT


def lightly_mae(net, other):
    named = foreign.before("backbone.vit.", net.state_dict())
    decoder = foreign.before("decoder.decoder_blocks.", other.blocks.state_dict())
    return {"state_dict": {**named, **decoder, "backbone.mask_token": torch.ones(1)}}


TRANSFORMERS = {
    "lightly": lightly_mae,
    "moco_v3": moco_v3,
    "dino": dino,
    "mae": mae,
    "plain": lambda net, other: {"model": net.state_dict()},
}


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_a_transformer_sees_exactly_what_theirs_sees(name, tmp_path):
    net, other = foreign.vit(), foreign.moved(foreign.vit(), seed=1)
    model, card = foreign.grey_twin()
    card = foreign.adopted(tmp_path, TRANSFORMERS[name](net, other), model, card)
    assert card.notes["format"] == name.partition(",")[0]
    pixels = formats.IMAGENET
    if "plain" in name:  # no sign whose: as timm's own weights of this network
        pixels = Pixels(mean=(0.5,) * 3, deviation=(0.5,) * 3)
        assert "timm's default" in card.notes["normalisation"]
    assert foreign.farthest(model, card, net, foreign.greys(), pixels) < EXACT


def test_what_was_taken_and_what_was_left_is_told(tmp_path, caplog):
    model, card = foreign.grey_twin()
    caplog.set_level("INFO")
    card = foreign.adopted(tmp_path, dino(foreign.vit(), foreign.vit()), model, card)
    assert card.notes["taken"] == "teacher/backbone."
    n = len(model.state_dict())
    assert card.notes["beside"]["student/module."] == n + 2
    assert card.notes["beside"]["teacher/head."] == 2
    lines = [record.message for record in caplog.records if "taken" in record.message]
    assert lines == [
        f"weights: format dino, taken teacher/backbone.; {n} names matched (100% of "
        f"the weights), 0 missing, 0 of another shape, 0 left over, {n + 5} beside; "
        "normalised as the format has it"
    ]


@pytest.mark.parametrize("registers", [0, 4])
@pytest.mark.parametrize("chunked", [False, True])
def test_dinov2_is_read_with_its_registers_and_chunks(registers, chunked, tmp_path):
    options = {
        "init_values": 1e-5,
        "patch_size": 14,
        "reg_tokens": registers,
        "no_embed_class": registers > 0,
    }
    net = foreign.vit(56, **options)
    state = dict(net.state_dict())
    if registers:  # theirs give the class token a position, and registers none
        state["register_tokens"] = state.pop("reg_token")
        place = torch.randn(1, 1, 32)
        state["cls_token"] = state["cls_token"] - place
        state["pos_embed"] = torch.cat([place, state["pos_embed"]], 1)
    state["mask_token"] = torch.zeros(1, 32)
    if chunked:
        state = {name.replace("blocks.", "blocks.0."): t for name, t in state.items()}
        state = {"teacher": foreign.before("backbone.", state)}
    model, card = foreign.grey_twin("vit_small_patch14_dinov2", 56, **options)
    card = foreign.adopted(tmp_path, state, model, card)
    assert card.notes["format"] == "dinov2"
    assert card.notes["matched_share"] == 1
    assert foreign.farthest(model, card, net, foreign.greys(size=56)) < EXACT


def test_torchvisions_transformer_is_renamed(tmp_path):
    theirs = foreign.vision_vit()
    model, card = foreign.grey_twin()
    card = foreign.adopted(tmp_path, theirs.state_dict(), model, card)
    assert card.notes["format"] == "torchvision"
    assert foreign.farthest(model, card, theirs, foreign.greys()) < EXACT


def test_torchvisions_convnext_is_renamed(tmp_path):
    theirs = foreign.vision_convnext()
    model, card = foreign.grey_twin("convnext_tiny")
    state = foreign.before("module.", theirs.state_dict())
    card = foreign.adopted(tmp_path, state, model, card)
    assert card.notes["format"] == "torchvision"
    assert card.notes["left_over"] == ["head.fc.bias", "head.fc.weight"]
    theirs.classifier = theirs.classifier[:2]
    assert foreign.farthest(model, card, theirs, foreign.greys()) < EXACT


@pytest.mark.parametrize("old", [False, True])
def test_torchvisions_densenet_is_read_with_its_old_names(old, tmp_path):
    theirs = foreign.vision_densenet(3)
    state = theirs.state_dict()
    if old:
        names = re.compile(r"(denselayer\d+\.(?:norm|conv))([12])\.")
        state = {names.sub(r"\1.\2.", name): t for name, t in state.items()}
    model, card = foreign.grey_twin("densenet121")
    card = foreign.adopted(tmp_path, {"state_dict": state}, model, card, **GREY)
    assert card.notes["format"] == ("torchvision" if old else "plain")
    assert card.notes["left_over"] == ["classifier.bias", "classifier.weight"]
    theirs.classifier = nn.Identity()
    assert foreign.farthest(model, card, theirs, foreign.greys(), ALIKE) < EXACT


@pytest.mark.parametrize("sign", ["op_threshs", "classifier.weight"])
def test_torchxrayvisions_pixels_are_told_by_the_card(sign, tmp_path):
    theirs = foreign.vision_densenet(18)
    theirs.features.conv0 = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
    state = foreign.moved(theirs).state_dict()
    if sign == "op_threshs":
        state = {n: t for n, t in state.items() if "classifier" not in n}
        state["op_threshs"] = torch.zeros(18)
    model, card = foreign.grey_twin("densenet121")
    card = foreign.adopted(tmp_path, state, model, card)
    assert card.notes["format"] == "torchxrayvision"
    assert (card.mean, card.deviation) == (0.5, 1 / 2048)
    theirs.classifier = nn.Identity()
    images = foreign.greys()
    theirs_see = (2 * (images[:, None] / 255) - 1) * 1024
    with torch.no_grad():
        expected = theirs(theirs_see)
        seen = model(foreign.normalised(images, card))
    torch.testing.assert_close(seen, expected, rtol=1e-3, atol=1e-2)


def test_our_own_densenet_is_not_taken_for_torchxrayvisions(tmp_path):
    model, card = foreign.grey_twin("densenet121")
    card = foreign.adopted(tmp_path, model.state_dict(), model, card, mean=0.4)
    assert card.notes["format"] == "plain"
    assert (card.mean, card.deviation) == (0.4, 0.25)


def test_positions_and_patches_of_another_size_are_interpolated(tmp_path):
    net = foreign.vit(96)
    model, card = foreign.grey_twin()
    card = foreign.adopted(tmp_path, net.state_dict(), model, card, asked="dino")
    assert card.notes["resampled"] == ["pos_embed: (1, 37, 32) to (1, 17, 32)"]
    torch.testing.assert_close(model.pos_embed[:, 0], net.pos_embed[:, 0])
    grid = net.pos_embed[:, 1:].reshape(1, 6, 6, 32).permute(0, 3, 1, 2)
    smaller = nn.functional.interpolate(
        grid, size=(4, 4), mode="bicubic", antialias=True, align_corners=False
    )
    expected = smaller.permute(0, 2, 3, 1).reshape(1, 16, 32)
    torch.testing.assert_close(model.pos_embed[:, 1:], expected)


def test_patches_of_another_size_are_interpolated(tmp_path):
    net = foreign.vit(patch_size=8)
    model, card = foreign.grey_twin()
    notes = foreign.adopted(tmp_path, net.state_dict(), model, card).notes
    assert notes["matched_share"] == 1
    assert notes["resampled"] == [
        "pos_embed: (1, 65, 32) to (1, 17, 32)",
        "patch_embed.proj.weight: (32, 3, 8, 8) to (32, 3, 16, 16)",
    ]
    even = torch.full((1, 1, 64, 64), 0.7)  # has the same patches of any size
    expected = net.patch_embed(even.expand(-1, 3, -1, -1))[0, 0]
    torch.testing.assert_close(model.patch_embed(even)[0, 0], expected)


OFFICIAL = (  # timm's names of ConvNeXt, and those of its authors
    (r"^stem\.", "downsample_layers.0."),
    (r"^stages\.(\d)\.downsample\.", r"downsample_layers.\1."),
    (r"\.blocks\.", "."),
    ("conv_dw", "dwconv"),
    (r"mlp\.fc", "pwconv"),
    (r"^head\.norm", "norm"),
)


def test_convnexts_own_names_are_left_to_timms_filter(tmp_path):
    theirs, _ = foreign.grey_twin("convnext_tiny", in_chans=3)
    state = foreign.moved(theirs).state_dict()
    for ours, official in OFFICIAL:
        state = {re.sub(ours, official, name): t for name, t in state.items()}
    model, card = foreign.grey_twin("convnext_tiny")
    checkpoint = {"model": foreign.before("module.", state)}
    card = foreign.adopted(tmp_path, checkpoint, model, card)
    assert card.notes["taken"] == "model/module."
    assert foreign.farthest(model, card, theirs, foreign.greys()) < EXACT


def test_a_format_that_is_asked_for_tells_the_pixels(tmp_path):
    net = foreign.vit()  # as DINO and MAE publish them: names like timm's
    model, card = foreign.grey_twin()
    card = foreign.adopted(tmp_path, net.state_dict(), model, card, asked="mae")
    assert card.mean == pytest.approx(sum(formats.IMAGENET.mean) / 3)
    assert foreign.farthest(model, card, net, foreign.greys()) < EXACT


def test_mean_and_deviation_that_are_given_win(tmp_path):
    net = foreign.vit()
    given = Pixels(mean=(0.3,) * 3, deviation=(0.1,) * 3)
    model, card = foreign.grey_twin()
    state = mae(net, net)
    card = foreign.adopted(tmp_path, state, model, card, mean=0.3, deviation=0.1)
    assert (card.mean, card.deviation) == pytest.approx((0.3, 0.1))
    assert foreign.farthest(model, card, net, foreign.greys(), given) < EXACT


def test_a_file_for_another_network_is_refused(tmp_path, resnets):
    model, card = foreign.grey_twin()
    with pytest.raises(InputError, match=r"only 0% .* choose the backbone"):
        foreign.adopted(tmp_path, resnets[0].state_dict(), model, card)


def test_counts_of_batches_are_no_match(tmp_path, resnets):
    counts = {n: t for n, t in resnets[0].state_dict().items() if "num_batches" in n}
    model, card = foreign.grey_twin("resnet18")
    with pytest.raises(InputError, match="only 0%"):
        foreign.adopted(tmp_path, counts, model, card)
    whole = {n: t for n, t in resnets[0].state_dict().items() if n not in counts}
    assert foreign.adopted(tmp_path, whole, model, card).notes["missing"] == []


def test_a_first_layer_of_another_shape_is_refused_by_name(tmp_path, resnets):
    state = dict(resnets[0].state_dict())
    state["conv1.weight"] = torch.randn(64, 3, 3, 3)  # as for small photographs
    model, card = foreign.grey_twin("resnet18")
    with pytest.raises(InputError, match=r"first layer, conv1.weight.*\(64, 1, 3, 3\)"):
        foreign.adopted(tmp_path, state, model, card)


def test_a_shape_that_differs_is_named_and_the_rest_is_taken(tmp_path, resnets):
    state = dict(resnets[0].state_dict())
    state["layer4.0.bn2.bias"] = torch.zeros(3)
    del state["layer4.0.bn1.bias"]
    model, card = foreign.grey_twin("resnet18")
    notes = foreign.adopted(tmp_path, state, model, card).notes
    assert notes["other_shape"] == ["layer4.0.bn2.bias: (3,) in the file, (512,) here"]
    assert notes["missing"] == ["layer4.0.bn1.bias"]
    assert notes["left_over"] == ["fc.bias", "fc.weight"]


def test_of_two_equal_networks_the_copy_comes_last():
    state = {"a.weight": torch.ones(1)}
    model = nn.ModuleDict({"a": nn.Linear(1, 1)})
    tensors = foreign.before("net_momentum.", state) | foreign.before("network.", state)
    assert naming.searched(tensors, model) == ["network.", "net_momentum."]


def test_every_format_is_in_the_order():
    files = {module.name for module in pkgutil.iter_modules(formats.__path__)}
    assert files == {*formats.ORDER, "plain"}

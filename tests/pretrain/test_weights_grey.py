"""A network for colour, turned grey, sees in grey images what it saw before."""

import pytest
import timm
import torch
from torch import nn

from tests.pretrain import foreign
from workflow_scripts.core.encoders import Card, normalised
from workflow_scripts.pretrain.weights import grey
from workflow_scripts.pretrain.weights.formats import IMAGENET, Pixels

CARD = Card(timm={}, size_px=64, mean=0.5, deviation=0.25)
UNLIKE = Pixels(mean=(0.7, 0.5, 0.2), deviation=(0.1, 0.3, 0.2))


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


class Convolution(nn.Module):
    """One layer on the image, and BatchNorm where it has no bias."""

    def __init__(self, channels, *, bias, padding):
        super().__init__()
        self.stem = nn.Conv2d(channels, 5, 7, 2, padding, bias=bias)
        self.norm = nn.Identity() if bias else nn.BatchNorm2d(5)
        self.pretrained_cfg = {"first_conv": "stem"}

    def forward(self, images):
        return self.norm(self.stem(images))


def pair(pixels, **layer):
    """What a network for colour gives for grey images, and what its grey twin gives."""
    colour = foreign.moved(Convolution(3, **layer))
    twin = Convolution(1, **layer).eval()
    state, inexact = grey.summed(colour.state_dict(), twin, pixels)
    twin.load_state_dict(state)
    assert inexact == []
    images = foreign.greys()
    card = grey.normalised_by(CARD, pixels, {})
    with torch.no_grad():
        return colour(foreign.in_colour(images, pixels)), twin(normalised(images, card))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("pixels", [IMAGENET, UNLIKE])
def test_without_a_padded_border_it_is_exact(bias, pixels):
    expected, seen = pair(pixels, bias=bias, padding=0)
    torch.testing.assert_close(seen, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("bias", [True, False])
def test_with_zeros_around_only_the_border_differs(bias):
    expected, seen = pair(UNLIKE, bias=bias, padding=3)
    inside = (..., slice(2, -2), slice(2, -2))
    torch.testing.assert_close(seen[inside], expected[inside], rtol=1e-4, atol=1e-5)
    assert (seen[..., 0, :] - expected[..., 0, :]).abs().max() > 0.01


def test_with_equal_channels_colours_are_summed():
    alike = Pixels(mean=(0.4,) * 3, deviation=(0.2,) * 3)
    colour, twin = (Convolution(n, bias=True, padding=3) for n in (3, 1))
    state, _ = grey.summed(colour.state_dict(), twin, alike)
    summed = colour.stem.weight.sum(1, keepdim=True)
    torch.testing.assert_close(state["stem.weight"], summed)
    assert torch.equal(state["stem.bias"], colour.stem.bias)


def test_what_is_grey_already_is_left_alone():
    twin = Convolution(1, bias=False, padding=3)
    state, _ = grey.summed(twin.state_dict(), twin, IMAGENET)
    assert all(torch.equal(state[k], t) for k, t in twin.state_dict().items())


def test_a_first_layer_with_neither_bias_nor_batchnorm_is_called_inexact():
    colour, twin = (Convolution(n, bias=False, padding=3) for n in (3, 1))
    colour.norm = twin.norm = nn.Identity()
    _, inexact = grey.summed(colour.state_dict(), twin, IMAGENET)
    assert inexact == ["stem"]


@pytest.mark.parametrize("backbone", ["test_resnet", "test_convnext", "test_vit"])
def test_folding_is_nearer_than_summing(backbone):
    colour = foreign.moved(timm.create_model(backbone, num_classes=0))
    images = foreign.greys(n=4, size=160)
    twins = []
    for fold in (True, False):
        twin = timm.create_model(backbone, in_chans=1, num_classes=0).eval()
        same = Pixels(mean=(0.449,) * 3, deviation=(0.226,) * 3)
        seen_as = IMAGENET if fold else same
        state, _ = grey.summed(colour.state_dict(), twin, seen_as)
        twin.load_state_dict(state)
        card = grey.normalised_by(CARD, seen_as, {})
        twins.append(foreign.farthest(twin, card, colour, images))
    folded, summed = twins
    assert folded < summed / 4

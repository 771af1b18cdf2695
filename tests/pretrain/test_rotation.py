"""Rotation: four turns of every image, and which is which."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from workflow_scripts.pretrain.methods import Shape, rotation


def method():
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 8))
    shape = Shape(width=8, map_width=8, size_px=8)
    return rotation.Method(encoder, shape, rotation.Options())


def test_the_loss_equals_equations_two_and_three():
    made = method()
    images = torch.randn(3, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    expected = 0.0
    for image in images:
        for turn in range(4):
            # g of the paper: turn columns into rows, then flip, once for 90 degrees
            turned = image[0]
            for _ in range(turn):
                turned = turned.T.flip(0)
            logits = made.head(made.encoder(turned[None, None]))[0]
            expected -= torch.log_softmax(logits, 0)[turn].item() / 4
    assert made(images).item() == pytest.approx(expected / 3, rel=1e-5)


class Corners(nn.Module):
    """An encoder that sees which corner of an image is bright."""

    def forward(self, images):
        return images[:, 0][:, [0, 0, -1, -1], [0, -1, 0, -1]]


def test_each_turn_has_a_name_of_its_own():
    made = rotation.Method(Corners(), Shape(width=4, map_width=4, size_px=4), None)
    with torch.no_grad():
        made.head.bias.zero_()
        # a bright corner goes from upper left to lower left, lower right, upper right
        made.head.weight.copy_(50 * torch.eye(4)[[0, 2, 3, 1]])
    images = torch.zeros(5, 1, 4, 4)
    images[:, 0, 0, 0] = 1
    assert made(images) < 1e-6
    assert made(torch.zeros(5, 1, 4, 4)).item() == pytest.approx(
        functional.cross_entropy(torch.zeros(1, 4), torch.tensor([0])).item()
    )

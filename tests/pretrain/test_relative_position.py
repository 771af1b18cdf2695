"""Relative position: planted coordinates say where the tiles were."""

import pytest
import torch
from torch import nn

from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain.methods import Shape, relative_position

NEIGHBOURS = relative_position.NEIGHBOURS


class Means(nn.Module):
    """An encoder that sees the mean of a tile."""

    def forward_intermediates(self, images, **_):
        return [torch.zeros(len(images), 1, *[images.shape[-1] // 4] * 2)]

    def forward(self, images):
        return images.mean((1, 2, 3))[:, None]


def method(size_px=224, **options):
    torch.manual_seed(0)
    shape = Shape(width=1, map_width=1, size_px=size_px)
    chosen = relative_position.Options(**({"hidden_width": 8} | options))
    return relative_position.Method(Means(), shape, chosen)


def test_the_eight_neighbours_are_all_around_and_differ():
    assert len(set(NEIGHBOURS)) == 8
    assert (0, 0) not in NEIGHBOURS
    assert {step for pair in NEIGHBOURS for step in pair} == {-1, 0, 1}


@pytest.mark.parametrize("axis", [0, 1], ids=["rows", "columns"])
def test_planted_coordinates_tell_the_label(axis):
    """Pixels that hold their own row, or column: means differ by the step, jittered."""
    made = method()
    place = torch.arange(224.0)
    image = place[:, None].expand(224, 224) if axis == 0 else place.expand(224, 224)
    images = image.expand(300, 1, 224, 224)
    seen = []
    made.head.register_forward_hook(lambda _, given, __: seen.append(given[0]))
    torch.manual_seed(2)
    made(images)
    torch.manual_seed(2)
    truth = torch.randint(8, (300,))
    away = (seen[0][:, 1] - seen[0][:, 0]) / made.step_px
    expected = torch.tensor(NEIGHBOURS)[truth, axis]
    assert torch.equal(away.round().long(), expected)
    assert (away - expected).abs().max() <= 2 * made.jitter_px / made.step_px + 1e-4
    assert len(truth.unique()) == 8


def test_tiles_never_touch_nor_leave_the_image():
    made = method()
    truth = torch.arange(8).repeat(500)
    first, second = made.corners(truth)
    for corner in (first, second):
        assert corner.min() >= 0
        assert corner.max() <= 224 - made.tile_px
    apart = (first - second).abs().max(1).values - made.tile_px
    assert apart.min() > 0
    assert apart.max() - apart.min() >= 2 * made.jitter_px  # and gaps vary


def test_the_first_tile_alone_does_not_tell_the_label():
    made = method()
    torch.manual_seed(1)
    truth = torch.arange(8).repeat(2000)
    first, _ = made.corners(truth)
    means = torch.stack([first[truth == t].float().mean(0) for t in range(8)])
    assert (means - means.mean(0)).abs().max() < 2  # px, of 50 it may move by


def test_shares_are_the_paper_s():
    made = method(size_px=480)
    assert (made.tile_px, made.step_px - made.tile_px, made.jitter_px) == (96, 48, 7)


def test_the_loss_is_the_cross_entropy_of_the_neighbour():
    made = method(size_px=40).eval()
    images = torch.randn(6, 1, 40, 40, generator=torch.Generator().manual_seed(1))
    torch.manual_seed(2)
    found = made(images).item()
    torch.manual_seed(2)
    truth = torch.randint(8, (6,))
    side, expected = made.tile_px, 0.0
    for number, pair in enumerate(zip(*made.corners(truth), strict=True)):
        means = [
            images[number, 0, row : row + side, column : column + side].mean()
            for row, column in (corner.tolist() for corner in pair)
        ]
        logits = made.head(torch.stack(means)[None])[0]
        expected -= torch.log_softmax(logits, 0)[truth[number]].item() / 6
    assert made.shown_px == side
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    "options", [{"tile_share": 0.3}, {"jitter_share": 0.25}, {"gap_share": 2.0}]
)
def test_tiles_that_do_not_fit_apart_are_refused(options):
    with pytest.raises(InputError, match="do not fit apart into 224 px"):
        method(**options)

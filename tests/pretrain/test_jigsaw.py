"""Jigsaw: far permutations, tiles with gaps, and the order that is asked for."""

import itertools

import numpy as np
import pytest
import timm
import torch
from torch import nn

from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain.methods import Shape, jigsaw


class Means(nn.Module):
    """An encoder that sees the mean of a tile."""

    def forward_intermediates(self, images, **_):
        return [torch.zeros(len(images), 1, 8, 8)]

    def forward(self, images):
        return images.mean((1, 2, 3))[:, None]


def method(encoder=None, size_px=75, width=1, **options):
    small = {"permutations": 6, "tile_width": 4, "hidden_width": 8} | options
    shape = Shape(width=width, map_width=1, size_px=size_px)
    torch.manual_seed(0)
    return jigsaw.Method(encoder or Means(), shape, jigsaw.Options(**small))


def distances(permutations):
    """Hamming distances of all pairs, one pair at a time."""
    pairs = itertools.combinations(permutations.tolist(), 2)
    return [sum(a != b for a, b in zip(one, two, strict=True)) for one, two in pairs]


def test_permutations_are_of_nine_tiles_and_none_comes_twice():
    chosen = jigsaw.far_permutations(50)
    assert (chosen.sort(1).values == torch.arange(9)).all()
    assert len({tuple(row) for row in chosen.tolist()}) == 50
    assert chosen[0].tolist() == list(range(9))


def test_permutations_are_as_far_apart_as_in_the_paper_s_table():
    few, many = distances(jigsaw.far_permutations(8)), jigsaw.far_permutations(100)
    assert min(few) >= 8
    by_pair = distances(many)
    assert np.mean(by_pair) == pytest.approx(8.08, abs=0.02)  # table 4, 100 of them
    assert min(by_pair) >= 2


def test_the_next_permutation_is_the_farthest_from_those_chosen():
    chosen = jigsaw.far_permutations(12).tolist()

    def sum_to(order, others):
        return sum(sum(a != b for a, b in zip(order, o, strict=True)) for o in others)

    generator = np.random.default_rng(0)
    for n in (1, 5, 11):
        best = sum_to(chosen[n], chosen[:n])
        tried = [generator.permutation(9).tolist() for _ in range(500)]
        assert all(sum_to(order, chosen[:n]) <= best for order in tried)


def test_more_permutations_begin_with_the_fewer():
    assert torch.equal(jigsaw.far_permutations(12)[:8], jigsaw.far_permutations(8))


def test_a_tile_lies_in_its_cell_and_gaps_vary():
    made = method(size_px=225)
    assert (made.cell_px, made.tile_px) == (75, 64)  # the paper's
    top, left = made.corners(500, torch.device("cpu"))
    for corner, cell in ((top, torch.arange(9) // 3), (left, torch.arange(9) % 3)):
        inside = corner - 75 * cell
        assert inside.min() == 0
        assert inside.max() == 75 - 64
        assert len(inside.unique()) == 12
    gap = left[:, 1] - (left[:, 0] + 64)
    assert gap.min() >= 0
    assert gap.max() > 15


def test_the_puzzle_shows_the_tiles_in_the_order_of_the_permutation(monkeypatch):
    """An image whose cells hold 0 to 8: what the encoder sees is the permutation."""
    made = method(permutations=6)
    monkeypatch.setattr(jigsaw, "normalised", lambda tiles: tiles)
    cells = torch.arange(9.0).view(1, 1, 3, 3)
    images = (
        cells.repeat_interleave(25, 2).repeat_interleave(25, 3).expand(40, 1, 75, 75)
    )
    seen = []
    made.tile_head.register_forward_hook(lambda _, given, __: seen.append(given[0]))
    torch.manual_seed(3)
    made(images)
    torch.manual_seed(3)
    truth = torch.randint(6, (40,))
    assert torch.equal(seen[0].view(40, 9).round().long(), made.permutations[truth])
    assert len(truth.unique()) == 6


def test_the_loss_is_the_cross_entropy_of_the_permutation():
    made = method()
    images = torch.randn(5, 1, 75, 75, generator=torch.Generator().manual_seed(1))
    torch.manual_seed(3)
    found = made(images).item()
    torch.manual_seed(3)
    truth = torch.randint(6, (5,))
    top, left = made.corners(5, images.device)
    expected = 0.0
    for number, permutation in enumerate(made.permutations[truth].tolist()):
        kept = []
        for tile in permutation:
            row, column = int(top[number, tile]), int(left[number, tile])
            pixels = images[number, 0, row : row + 21, column : column + 21]
            pixels = (pixels - pixels.mean()) / pixels.std(correction=0)
            pixels = torch.nn.functional.interpolate(
                pixels[None, None], size=made.shown_px, mode="bilinear"
            )
            kept.append(made.tile_head(made.encoder(pixels))[0])
        logits = made.order_head(torch.cat(kept))
        expected -= torch.log_softmax(logits, 0)[truth[number]].item() / 5
    assert made.tile_px == made.shown_px == 21
    assert found == pytest.approx(expected, rel=1e-4)


def test_light_and_contrast_of_a_tile_tell_nothing():
    tiles = torch.rand(4, 1, 9, 9)
    torch.testing.assert_close(
        jigsaw.normalised(tiles), jigsaw.normalised(3 * tiles + 1), atol=1e-4, rtol=1e-4
    )
    empty = torch.full((1, 1, 9, 9), 0.7)
    assert jigsaw.normalised(empty).abs().max() < 1e-3


@pytest.mark.parametrize("n", [0, 1, 10**6])
def test_too_few_or_too_many_permutations_are_refused(n):
    with pytest.raises(InputError, match="choose 2 to"):
        method(permutations=n)


def test_the_permutations_are_part_of_what_is_saved():
    assert torch.equal(
        method().state_dict()["permutations"], jigsaw.far_permutations(6)
    )


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "test_resnet"])
def test_any_encoder_takes_tiles_of_a_224_px_image(name):
    encoder = timm.create_model(name, in_chans=1, num_classes=0).eval()
    made = method(encoder, size_px=224, width=encoder.num_features)
    assert made.shown_px == 64
    assert torch.isfinite(made(torch.randn(1, 1, 224, 224)))

"""GMML hides connected groups of patches, and is judged on what it hid."""

import pytest
import torch
from torch import nn

from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain.methods import Shape, gmml


def hidden(n=64, side=14, seed=0, **options):
    generator = torch.Generator().manual_seed(seed)
    return gmml.hidden_patches(n, side, gmml.Options(**options), generator)


def test_between_half_and_three_quarters_of_each_image_is_hidden():
    share = hidden().flatten(1).float().mean(1)
    assert share.min() >= 0.5
    # the last rectangle may go beyond by its own size
    assert share.max() <= 0.75 + 0.3**2 + 0.02
    assert share.std() > 0.02


def test_what_is_hidden_is_connected_not_scattered():
    shown = hidden(n=200)
    neighbours = (shown[:, 1:] & shown[:, :-1]).float().mean()
    by_chance = shown.float().mean() ** 2
    assert neighbours > 1.15 * by_chance


def test_every_patch_is_hidden_now_and_then():
    assert hidden(n=200).any(0).all()


def test_the_same_generator_hides_the_same():
    assert torch.equal(hidden(seed=3), hidden(seed=3))
    assert not torch.equal(hidden(seed=3), hidden(seed=4))


class Blind(nn.Module):
    """An encoder that sees nothing: its map is zero."""

    def forward_intermediates(self, images, **_):
        return [torch.zeros(len(images), 2, 2, 2)]


def test_the_loss_is_the_mean_absolute_error_on_hidden_pixels():
    options = gmml.Options(patch_px=8, head_width=4)
    method = gmml.Method(Blind(), Shape(width=2, map_width=2, size_px=16), options)
    images = torch.randn(4, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    torch.manual_seed(7)
    found = method(images)
    torch.manual_seed(7)
    mask = gmml.hidden_patches(4, 2, options)
    painted = method.head(torch.zeros(1, 2, 2, 2))[0, 0].detach()
    errors = [
        abs(float(painted[row, column] - images[image, 0, row, column]))
        for image in range(4)
        for row in range(16)
        for column in range(16)
        if mask[image, row // 8, column // 8]
    ]
    assert found.item() == pytest.approx(sum(errors) / len(errors), rel=1e-5)


def test_a_size_that_is_not_whole_patches_is_refused():
    with pytest.raises(InputError, match="not whole patches"):
        gmml.Method(Blind(), Shape(width=2, map_width=2, size_px=20), gmml.Options())

"""GMML hides connected groups of patches, and is judged on what it hid."""

import pytest
import timm
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


@pytest.mark.parametrize("fill", gmml.FILLS)
def test_hidden_pixels_are_filled_as_asked(fill):
    options = gmml.Options(patch_px=8, head_width=4, fill=fill)
    method = gmml.Method(Blind(), Shape(width=2, map_width=2, size_px=16), options)
    images = torch.randn(4, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    seen = []
    method._map = lambda covered: seen.append(covered) or torch.zeros(4, 2, 2, 2)
    torch.manual_seed(7)
    method(images)
    torch.manual_seed(7)
    mask = gmml.hidden_patches(4, 2, options)
    noise = torch.randn_like(images)
    other = images[[3, 0, 1, 2]]  # of every image another
    expected = {"noise": noise, "zeros": torch.zeros_like(images), "alien": other}[fill]
    for image in range(4):
        for row in range(16):
            for column in range(16):
                hides = mask[image, row // 8, column // 8]
                source = expected if hides else images
                assert seen[0][image, 0, row, column] == source[image, 0, row, column]


def vit(depth):
    return timm.models.VisionTransformer(
        img_size=16, patch_size=8, in_chans=1, num_classes=0, embed_dim=12,
        depth=depth, num_heads=2,
    ).eval()  # fmt: skip


@pytest.mark.parametrize(
    ("depth", "blocks"), [(12, [5, 7, 9, 11]), (6, [2, 3, 4, 5]), (2, [0, 1]), (1, [0])]
)
def test_four_blocks_of_a_transformer_are_joined(depth, blocks):
    encoder = vit(depth)
    shape = Shape(width=12, map_width=12, size_px=16)
    method = gmml.Method(encoder, shape, gmml.Options(patch_px=8, head_width=4))
    assert method.blocks == blocks
    images = torch.randn(2, 1, 16, 16)
    every = encoder.forward_intermediates(images, norm=True, intermediates_only=True)
    joined = torch.cat([every[block] for block in blocks], 1)
    assert torch.equal(method._map(images), joined)
    assert torch.isfinite(method(images))


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ({"fill": "mean"}, "no fill 'mean'"),
        ({"hidden_share": 1.5}, "hidden_share 1.5"),
        ({"hidden_share": 0.0}, "hidden_share 0.0"),
    ],
)
def test_an_option_that_would_not_train_is_refused(odd, told):
    options = gmml.Options(patch_px=8, **odd)
    with pytest.raises(InputError, match=told):
        gmml.Method(Blind(), Shape(width=2, map_width=2, size_px=16), options)


def test_a_size_that_is_not_whole_patches_is_refused():
    with pytest.raises(InputError, match="not whole patches"):
        gmml.Method(Blind(), Shape(width=2, map_width=2, size_px=20), gmml.Options())

"""SimMIM hides blocks, and is judged on their pixels alone."""

import pytest
import timm
import torch

from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain.methods import Shape, simmim


def encoder(kind="vit"):
    torch.manual_seed(0)
    if kind == "vit":
        return timm.models.VisionTransformer(
            img_size=32, patch_size=8, in_chans=1, num_classes=0, embed_dim=24,
            depth=2, num_heads=2, reg_tokens=2,
        ).eval()  # fmt: skip
    return timm.create_model("test_resnet", in_chans=1, num_classes=0).eval()


def method(kind="vit", **options):
    made = encoder(kind)
    width = made.num_features
    shape = Shape(width=width, map_width=width, size_px=32)
    return simmim.Method(made, shape, simmim.Options(**({"mask_px": 16} | options)))


def pictures(n=3):
    return torch.randn(n, 1, 32, 32, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("kind", ["vit", "resnet"])
def test_the_loss_is_the_mean_absolute_error_on_hidden_pixels(kind):
    made, images = method(kind), pictures()
    with torch.no_grad():
        torch.manual_seed(4)
        found = made(images)
        torch.manual_seed(4)
        hidden = made.hidden(3, images.device)
        painted = made.head(made.understood(images, hidden))
    errors = [
        abs(float(painted[image, 0, row, column] - images[image, 0, row, column]))
        for image in range(3)
        for row in range(32)
        for column in range(32)
        if hidden[image, row // 16, column // 16]
    ]
    assert len(errors) == 3 * 3 * 16**2  # three of four blocks: 0.6, rounded up
    assert found.item() == pytest.approx(sum(errors) / len(errors), rel=1e-5)


@pytest.mark.parametrize("kind", ["vit", "resnet"])
def test_hidden_pixels_change_nothing_and_shown_ones_do(kind):
    made, images = method(kind), pictures()
    hidden = torch.tensor([[[True, False], [True, True]]]).expand(3, 2, 2)
    seen = made.understood(images, hidden)
    other = images.clone()
    other[..., :16, :16] = 7
    other[..., 16:, :] = -7
    assert torch.equal(seen, made.understood(other, hidden))
    other[..., 0, 31] += 5
    assert not torch.allclose(seen, made.understood(other, hidden))


@pytest.mark.parametrize("kind", ["vit", "resnet"])
def test_where_nothing_is_hidden_the_map_is_timm_s_own(kind):
    made, images = method(kind), pictures()
    none = torch.zeros(3, 2, 2, dtype=torch.bool)
    own = made.encoder.forward_intermediates(
        images, indices=1, norm=True, intermediates_only=True
    )
    torch.testing.assert_close(made.understood(images, none), own[-1])


def test_each_hidden_patch_of_a_vit_is_the_one_token_at_its_place():
    made, images = method(), pictures(1)
    vit = made.encoder
    hidden = torch.tensor([[[False, True], [False, False]]])
    patches = vit.patch_embed(images).clone()
    for place in (2, 3, 6, 7):  # the upper right block, of 4 x 4 patches
        patches[0, place] = made.mask_token
    seen = vit.norm(vit.blocks(vit._pos_embed(patches)))[0, 3:]
    found = made.understood(images, hidden)[0]
    torch.testing.assert_close(found.flatten(1).T, seen)


def test_every_block_is_hidden_now_and_then():
    made = method("resnet", mask_px=8)
    torch.manual_seed(0)
    hidden = made.hidden(200, torch.device("cpu"))
    assert (hidden.flatten(1).sum(1) == 10).all()  # of 16
    assert hidden.float().mean(0).sub(10 / 16).abs().max() < 0.15


@pytest.mark.parametrize("mask_px", [32, 12, 64])
def test_blocks_that_do_not_divide_an_image_are_refused(mask_px):
    with pytest.raises(InputError, match="choose a smaller mask_px"):
        method("resnet", mask_px=mask_px)


def test_blocks_smaller_than_a_patch_are_refused():
    with pytest.raises(InputError, match="not a multiple of the encoder's patch, 8"):
        method(mask_px=4)

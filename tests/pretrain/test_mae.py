"""MAE: the encoder sees what is shown, and the decoder is judged on the rest."""

import math

import pytest
import timm
import torch

from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain import tokens
from workflow_scripts.pretrain.methods import Shape, mae

SMALL = {"decoder_width": 16, "decoder_blocks": 2, "decoder_heads": 2}
SIZES = {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 2, "num_heads": 2}
VARIANTS = [
    {},
    {"reg_tokens": 3, "no_embed_class": True},
    {"class_token": False, "global_pool": "avg"},
    {"dynamic_img_size": True},
    {"pre_norm": True},
    {"patch_size": 4},
]


def vit(**changes):
    torch.manual_seed(0)
    arguments = {"in_chans": 1, "num_classes": 0} | SIZES | changes
    return timm.models.VisionTransformer(**arguments).eval()


def method(encoder=None, size_px=32, **options):
    shape = Shape(width=24, map_width=24, size_px=size_px)
    return mae.Method(encoder or vit(), shape, mae.Options(**(SMALL | options))).eval()


def pictures(n=3, side=32):
    return torch.randn(n, 1, side, side, generator=torch.Generator().manual_seed(1))


def by_the_paper(made, images, order):
    """Section 3, one image and patch at a time, with the decoder's way back."""
    side, patch_px = images.shape[-1] // made.patch_px, made.patch_px
    places = [divmod(place, side) for place in range(side**2)]
    decoder, errors = made.decoder, []
    for image, places_of in zip(images, order.tolist(), strict=True):
        shown = places_of[: made.n_shown]
        latent = made.latent(image[None], torch.tensor([shown]))
        seen = decoder.embed(latent)[0]
        n_prefix = len(seen) - len(shown)
        full = [decoder.mask_token[0, 0]] * len(places)
        for token, place in zip(seen[n_prefix:], shown, strict=True):
            full[place] = token
        full = torch.stack(full) + mae.positions(side, SMALL["decoder_width"])
        read = decoder.blocks(torch.cat([seen[:n_prefix], full])[None])
        painted = decoder.pixels(decoder.norm(read))[0, n_prefix:]
        for place, (row, column) in enumerate(places):
            if place not in shown:
                corner = image[0, row * patch_px :, column * patch_px :]
                pixels = corner[:patch_px, :patch_px].flatten()
                target = (pixels - pixels.mean()) / (pixels.var() + 1e-6).sqrt()
                errors.append((painted[place] - target).square().mean())
    return torch.stack(errors).mean()


@pytest.mark.parametrize("changes", VARIANTS, ids=str)
def test_the_loss_equals_the_paper_s_on_any_kind_of_vit(changes):
    made, images = method(vit(**changes)), pictures()
    with torch.no_grad():
        torch.manual_seed(5)
        found = made(images)
        torch.manual_seed(5)
        order = tokens.shuffled(3, (32 // made.patch_px) ** 2, images.device)
        expected = by_the_paper(made, images, order)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_what_is_hidden_never_reaches_the_encoder():
    made, images = method(), pictures()
    shown = torch.tensor([[0, 5, 10, 15]] * 3)
    other = torch.full_like(images, 9)
    for place in range(0, 16, 5):
        rows = slice(place // 4 * 8, place // 4 * 8 + 8)
        columns = slice(place % 4 * 8, place % 4 * 8 + 8)
        other[..., rows, columns] = images[..., rows, columns]
    latent = made.latent(images, shown)
    assert torch.equal(latent, made.latent(other, shown))
    assert latent.shape == (3, 1 + 4, 24)
    other[..., 0, 0] += 1
    assert not torch.allclose(latent, made.latent(other, shown))


@pytest.mark.parametrize("changes", VARIANTS, ids=str)
def test_all_patches_shown_are_what_timm_sees(changes):
    made, images = method(vit(**changes)), pictures()
    places = torch.arange((32 // made.patch_px) ** 2).expand(3, -1)
    # fc_norm is the last norm of an encoder that pools by the mean, else nothing
    own = made.encoder.fc_norm(made.encoder.forward_features(images))
    torch.testing.assert_close(made.latent(images, places), own)


def test_a_quarter_is_shown_and_every_patch_now_and_then():
    made = method()
    assert made.n_shown == 4
    torch.manual_seed(0)
    order = tokens.shuffled(300, 16, torch.device("cpu"))
    assert (order.sort(1).values == torch.arange(16)).all()
    counts = order[:, :4].flatten().bincount(minlength=16)
    assert counts.min() > 40  # 75 are expected of each


def test_patches_are_cut_row_by_row():
    image = torch.arange(36.0).view(1, 1, 6, 6)
    cut = mae.cut_into_patches(image, 3)
    assert cut[0, 1].tolist() == [3, 4, 5, 9, 10, 11, 15, 16, 17]
    assert cut[0, 2, 0] == 18


def test_a_patch_is_normalised_by_itself_and_an_empty_one_stays_empty():
    patches = torch.cat([torch.zeros(1, 1, 64), 5 + 3 * torch.randn(1, 1, 64)], 1)
    found = mae.normalised(patches)
    assert not found[0, 0].any()
    assert found[0, 1].mean().abs() < 1e-5
    assert found[0, 1].std() == pytest.approx(1, abs=1e-4)


def test_positions_are_waves_of_row_and_column():
    table = mae.positions(3, 8)
    row, column = 2, 1
    expected = []
    for place in (row, column):
        expected += [math.sin(place), math.sin(place / 100)]
        expected += [math.cos(place), math.cos(place / 100)]
    torch.testing.assert_close(table[3 * row + column], torch.tensor(expected))


def test_an_encoder_without_tokens_is_refused():
    encoder = timm.create_model("test_resnet", in_chans=1, num_classes=0)
    with pytest.raises(
        InputError, match=r"mae needs a plain vision transformer.*ResNet"
    ):
        method(encoder)


@pytest.mark.parametrize("share", [0.0, 0.99, 1.0])
def test_a_share_that_leaves_nothing_to_see_or_to_paint_is_refused(share):
    with pytest.raises(InputError, match="leaves none"):
        method(hidden_share=share)


def test_a_size_that_is_not_whole_patches_is_refused():
    with pytest.raises(InputError, match="not whole square patches"):
        method(size_px=36)


def test_a_decoder_that_its_heads_do_not_divide_is_refused():
    with pytest.raises(InputError, match="decoder_heads 3"):
        method(decoder_heads=3)

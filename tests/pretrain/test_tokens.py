"""What is taken from timm's transformers, against timm itself."""

import pytest
import timm
import torch

from workflow_scripts.pretrain import tiles, tokens


def vit(**changes):
    torch.manual_seed(0)
    arguments = {"img_size": 32, "in_chans": 1, "num_classes": 0} | changes
    return timm.create_model("test_vit", **arguments).eval()


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("test_vit", True),
        ("test_vit3", True),  # pooled by attention
        ("test_resnet", False),
        ("vit_tiny_r_s16_p8_224", False),  # a hybrid mixes patches
        ("deit_tiny_distilled_patch16_224", True),
        ("test_convnext", False),
    ],
)
def test_only_encoders_whose_tokens_are_patches_count_as_transformers(name, answer):
    assert tokens.is_transformer(timm.create_model(name, in_chans=1)) is answer


def test_an_encoder_free_of_its_size_sees_its_own_size_as_before_and_others():
    encoder = vit()
    images = torch.randn(2, 1, 32, 32)
    before, state = encoder(images), set(encoder.state_dict())
    tokens.free_of_size(encoder)
    assert torch.equal(encoder(images), before)
    assert encoder(torch.randn(2, 1, 64, 64)).shape == before.shape
    assert set(encoder.state_dict()) == state


def test_take_gives_each_image_its_own_places():
    many = torch.arange(12.0).view(2, 3, 2)
    taken = tokens.take(many, torch.tensor([[2, 0], [1, 1]]))
    assert taken[:, :, 0].tolist() == [[4, 0], [8, 8]]


def test_a_tile_is_the_pixels_from_its_corner_on():
    images = torch.arange(2 * 36.0).view(2, 1, 6, 6)
    which, top, left = torch.tensor([[1, 0], [2, 0], [3, 4]])
    cut = tiles.cut(images, which, top, left, 2)
    assert torch.equal(cut[0, 0], images[1, 0, 2:4, 3:5])
    assert torch.equal(cut[1, 0], images[0, 0, :2, 4:])


def test_a_tile_is_shown_as_large_as_the_encoder_needs():
    resnet = timm.create_model("test_resnet", in_chans=1, num_classes=0).eval()
    assert tiles.shown_px(resnet, 90, 224) == 90
    assert tiles.shown_px(resnet, 18, 224) == 64
    assert tiles.shown_px(resnet, 9, 32) == 32
    fixed = timm.create_model(
        "swin_tiny_patch4_window7_224", in_chans=1, num_classes=0, depths=(1, 1, 1, 1)
    )
    assert tiles.shown_px(fixed.eval(), 63, 224) == 224
    assert tiles.shown_px(vit(img_size=64), 18, 64) == 32
    assert tiles.shown_px(vit(img_size=224), 45, 224) == 48

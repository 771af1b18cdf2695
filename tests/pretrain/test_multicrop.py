"""Views of two sizes, and copies that drop nothing."""

import pytest
import timm
import torch
from timm.layers import DropPath, PatchEmbed
from torch import nn

from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain import methods, momentum, multicrop
from workflow_scripts.pretrain.methods import Shape

BACKBONES = {"test_resnet": {}, "test_vit": {"img_size": 32}}
SMALL = {
    "swav": {"prototypes": 8, "hidden_width": 16, "projection_width": 8},
    "dino": {"output_width": 8, "hidden_width": 16, "bottleneck_width": 8},
}


def created(backbone, **arguments):
    torch.manual_seed(0)
    return timm.create_model(
        backbone, in_chans=1, num_classes=0, **BACKBONES[backbone], **arguments
    )


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("name", SMALL)
def test_local_views_go_through_the_encoder_and_bring_gradient(name, backbone):
    module, encoder = methods.load(name), created(backbone)
    shape = Shape(width=encoder.num_features, map_width=8, size_px=32)
    method = module.Method(encoder, shape, module.Options(local_views=3, **SMALL[name]))
    loss = method(*torch.randn(2, 4, 1, 32, 32), *torch.randn(3, 4, 1, 16, 16))
    loss.backward()
    reached = [p.grad is not None for p in encoder.parameters() if p.requires_grad]
    assert all(reached)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_an_opened_encoder_gives_the_same_bits_at_its_own_size(backbone):
    encoder, images = created(backbone).eval(), torch.randn(2, 1, 32, 32)
    before = encoder(images)
    multicrop.open_to_sizes(encoder)
    assert torch.equal(encoder(images), before)
    assert encoder(torch.randn(2, 1, 16, 16)).shape == before.shape


class OneSize(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch_embed = PatchEmbed(img_size=32, patch_size=16, in_chans=1)


def test_an_encoder_of_one_size_is_refused():
    with pytest.raises(InputError, match="OneSize takes images of one size only"):
        multicrop.open_to_sizes(OneSize())


def test_a_slow_copy_drops_nothing_and_takes_no_gradient():
    encoder = created("test_vit", drop_path_rate=0.5, proj_drop_rate=0.5).train()
    slow = momentum.slow_copy(encoder).train()
    images = torch.randn(4, 1, 32, 32)
    assert torch.equal(slow(images), slow(images))
    assert not torch.equal(encoder(images), encoder(images))
    assert torch.equal(slow(images), encoder.eval()(images))
    assert any(isinstance(part, DropPath) for part in encoder.modules())
    assert not any(p.requires_grad for p in slow.parameters())


@pytest.mark.parametrize(("share", "expected"), [(0, 0.9), (0.5, 0.95), (1, 1.0)])
def test_momentum_rises_by_half_a_cosine_to_one(share, expected):
    assert momentum.rising(0.9, share) == pytest.approx(expected)

"""One promise, every augmentation policy; and what a radiograph must not suffer."""

import pkgutil

import pytest
import torch

from workflow_scripts.core import warp
from workflow_scripts.pretrain import augmentations
from workflow_scripts.pretrain.augmentations import radiograph

NAMES = [module.name for module in pkgutil.iter_modules(augmentations.__path__)]


@pytest.fixture(params=NAMES)
def policy(request):
    return augmentations.load(request.param)


def pictures(n=8):
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (n, 32, 32), generator=generator, dtype=torch.uint8)


def seen(policy, seed, images=None):
    images = pictures() if images is None else images
    return policy.augment(images, torch.Generator().manual_seed(seed))


def test_a_view_keeps_shape_and_range_and_leaves_the_image_alone(policy):
    images = pictures()
    before = images.clone()
    view = seen(policy, 1, images)
    assert view.shape == images.shape
    assert view.dtype == torch.float32
    assert 0 <= view.min() <= view.max() <= 1
    assert torch.equal(images, before)


def test_equal_seeds_agree_and_every_image_and_view_differs(policy):
    same = torch.full((8, 32, 32), 128, dtype=torch.uint8)
    same[:, 8:16] = 255
    first, again, other = (seen(policy, seed, same) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert len({tuple(view.flatten().tolist()) for view in first}) == 8


def test_a_radiograph_is_never_flipped():
    """The heart stays on its side: what is left of the picture stays left."""
    images = torch.zeros(200, 32, 32, dtype=torch.uint8)
    images[:, :, 18:] = 255
    views = radiograph.augment(images, torch.Generator().manual_seed(0))
    left, right = views[:, :, :8].mean((1, 2)), views[:, :, 24:].mean((1, 2))
    assert (right > left).float().mean() > 0.9
    assert radiograph.AREA[0] >= 0.3


def test_no_movement_leaves_the_picture_as_it_is():
    images = pictures().float() / 255
    still = {"area": (1, 1), "ratio": (1, 1), "rotation_degrees": 0}
    same = warp.moved(images, torch.Generator(), **still)
    torch.testing.assert_close(same, images, atol=1e-5, rtol=0)


def test_no_change_of_light_leaves_the_picture_as_it_is():
    images = pictures().float() / 255
    same = warp.exposed(
        images, torch.Generator(), gamma=(1, 1), contrast=(1, 1), brightness=0
    )
    torch.testing.assert_close(same, images, atol=2e-4, rtol=0)

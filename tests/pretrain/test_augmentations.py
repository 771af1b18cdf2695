"""One promise, every augmentation policy; and what a radiograph must not suffer."""

import pkgutil

import pytest
import torch

from workflow_scripts.core import warp
from workflow_scripts.pretrain import augmentations, optics
from workflow_scripts.pretrain.augmentations import (
    mae,
    moco_cxr,
    none,
    radiograph,
    simclr,
)

NAMES = [module.name for module in pkgutil.iter_modules(augmentations.__path__)]
NOTHING_AT_RANDOM = {"none"}


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


@pytest.mark.parametrize("name", sorted(set(NAMES) - NOTHING_AT_RANDOM))
def test_equal_seeds_agree_and_every_image_and_view_differs(name):
    policy = augmentations.load(name)
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


def test_no_policy_but_the_control_is_silent_about_its_source():
    for name in sorted(set(NAMES) - {"radiograph", "none"}):
        told = augmentations.load(name).__doc__
        assert "https://arxiv.org/" in told
        assert "colour" in told  # what was left out, and why
        assert "`radiograph`" in told  # what a radiograph suffers here


def test_none_is_the_picture_itself():
    images = pictures()
    torch.testing.assert_close(seen(none, 1, images) * 255, images.float())


def right_share(policy, n=400):
    """How many views of pictures that are bright on the right are bright there."""
    images = torch.zeros(n, 32, 32, dtype=torch.uint8)
    images[:, :, 18:] = 255
    views = seen(policy, 0, images)
    return (views[..., 24:].mean((1, 2)) > views[..., :8].mean((1, 2))).float().mean()


def test_half_of_the_pictures_are_mirrored_where_the_paper_does():
    for policy in (mae, moco_cxr, simclr):
        assert 0.35 < right_share(policy) < 0.65
    assert right_share(none) == 1


def test_moco_cxr_neither_crops_nor_changes_the_light():
    """A disc about the middle is what it was, however it is turned and mirrored."""
    place = torch.arange(64) - 31.5
    disc = 255 * ((place[:, None] ** 2 + place**2) < 20**2)
    images = disc.to(torch.uint8).expand(50, 64, 64)
    views = seen(moco_cxr, 0, images)
    sums = views.sum((1, 2))
    assert (sums / (disc.sum() / 255) - 1).abs().max() < 0.01
    assert views.amax((1, 2)).min() > 0.99


def test_moco_cxr_turns_by_ten_degrees_at_most():
    images = torch.zeros(300, 65, 65, dtype=torch.uint8)
    images[:, 31:34] = 255  # a level bar: its height far out tells the angle
    views = seen(moco_cxr, 0, images)
    height = torch.arange(65.0)[None] - 32
    column = views[:, :, 60]
    middle = (column * height).sum(1) / column.sum(1)
    angles = torch.rad2deg(torch.atan2(middle.abs(), torch.tensor(28.0)))
    assert 8 < angles.max() < 10.5


def test_mae_shows_an_upright_part_of_the_picture_in_its_own_light():
    """Rows and columns of planted coordinates stay straight, and so does their span."""
    ramp = (torch.arange(64) * 4).to(torch.uint8)
    views = seen(mae, 0, ramp[:, None].expand(200, 64, 64))
    assert views[..., 4:-4].std(2).max() < 1e-3  # level: nothing is turned
    span = (views[:, -3].mean(1) - views[:, 2].mean(1)) * 255 / 4 / 59
    assert span.min() > (0.2 * 3 / 4) ** 0.5 - 0.03
    assert span.max() < 1.01


def test_simclr_changes_the_light_of_four_fifths_by_its_strength_of_one():
    """Grey pictures tell the factor of brightness; contrast is about the mean."""
    grey = torch.full((2000, 4, 4), 0.5)
    factors = simclr._jittered(grey, torch.Generator().manual_seed(0))[:, 0, 0] / 0.5
    changed = factors[(factors - 1).abs() > 1e-6]
    assert 0.76 < len(changed) / 2000 < 0.84
    assert 0.2 <= changed.min() < 0.25
    assert 1.75 < changed.max() <= 1.8
    assert abs(changed.mean() - 1) < 0.05


def test_simclr_may_show_a_twelfth_of_the_picture(monkeypatch):
    monkeypatch.setattr(simclr, "JITTERED_SHARE", 0)
    ramp = (torch.arange(64) * 4).to(torch.uint8)
    views = seen(simclr, 0, ramp[:, None].expand(500, 64, 64))
    span = (views[:, -6].mean(1) - views[:, 5].mean(1)) * 255 / 4 / 53
    assert 0.2 < span.min() < 0.35  # the square root of 0.08 times 3/4 to 4/3
    assert span.max() < 1.01


def test_softening_is_a_gaussian_average():
    image = torch.zeros(1, 21, 21)
    image[0, 10, 10] = 1
    generator = torch.Generator().manual_seed(0)
    soft = optics.softened(image, generator, sigma_px=(1.5, 1.5), share=1)[0]
    away = torch.arange(21.0) - 10
    expected = torch.exp(-(away[:, None] ** 2 + away**2) / (2 * 1.5**2))
    torch.testing.assert_close(soft, expected / expected.sum(), atol=2e-4, rtol=0)


def test_softening_chooses_images_and_widths_one_by_one():
    images = pictures(100).float() / 255
    generator = torch.Generator().manual_seed(0)
    soft = optics.softened(images, generator, sigma_px=(0.5, 2), share=0.5)
    same = (soft == images).all(2).all(1)
    assert 30 < same.sum() < 70
    spread = soft[~same].std((1, 2))
    assert spread.max() > 1.5 * spread.min()


def test_a_mirror_image_is_the_image_from_right_to_left():
    images = pictures(50).float()
    generator = torch.Generator().manual_seed(0)
    assert torch.equal(optics.mirrored(images, generator, 1), images.flip(2))
    assert torch.equal(optics.mirrored(images, generator, 0), images)


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

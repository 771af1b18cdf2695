"""One promise, every augmentation policy; and what a radiograph must not suffer."""

import pkgutil

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import functional
from torchvision.transforms import RandomResizedCrop
from torchvision.transforms.functional import adjust_brightness, adjust_contrast

from workflow_scripts.core import warp
from workflow_scripts.pretrain import augmentations, optics
from workflow_scripts.pretrain.augmentations import (
    byol,
    dino,
    gmml,
    mae,
    medical_mae,
    moco_cxr,
    moco_v2,
    none,
    radiograph,
    simclr,
    simmim,
    swav,
)

NAMES = [module.name for module in pkgutil.iter_modules(augmentations.__path__)]
NOTHING_AT_RANDOM = {"none"}
LOCAL = [name for name in NAMES if hasattr(augmentations.load(name), "local")]
SMALLEST = {
    mae: 0.2,
    simmim: 0.67,
    medical_mae: 0.5,
    gmml: 0.05,
}  # papers that only crop
MIRRORING = (
    byol,
    dino,
    gmml,
    mae,
    medical_mae,
    moco_cxr,
    moco_v2,
    simclr,
    simmim,
    swav,
)


@pytest.fixture(params=NAMES)
def policy(request):
    return augmentations.load(request.param)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def pictures(n=8, side=32):
    return torch.randint(0, 256, (n, side, side), generator=seeded(0)).to(torch.uint8)


def seen(policy, seed, images=None, view=0):
    images = pictures() if images is None else images
    return policy.augment(images, seeded(seed), view)


def distance(first, second):
    """The largest difference of two samples' distributions (Kolmogorov, Smirnov)."""
    places = torch.cat([first, second]).sort().values
    shares = [
        torch.searchsorted(some.sort().values, places, right=True) / len(some)
        for some in (first, second)
    ]
    return (shares[0] - shares[1]).abs().max()


# every policy


@pytest.mark.parametrize("view", [0, 1, 2])
def test_a_view_keeps_shape_and_range_and_leaves_the_image_alone(policy, view):
    images = pictures()
    before = images.clone()
    made = seen(policy, 1, images, view)
    assert made.shape == images.shape
    assert made.dtype == torch.float32
    assert 0 <= made.min() <= made.max() <= 1
    assert torch.equal(images, before)


@pytest.mark.parametrize("n", [1, 3])
def test_a_batch_may_be_of_any_length(policy, n):
    assert seen(policy, 1, pictures(n)).isfinite().all()


@pytest.mark.parametrize("name", sorted(set(NAMES) - NOTHING_AT_RANDOM))
def test_equal_seeds_agree_and_every_image_and_view_differs(name):
    policy = augmentations.load(name)
    same = torch.full((8, 32, 32), 128, dtype=torch.uint8)
    same[:, 8:16], same[:, :, 20:25] = 255, 60
    first, again, other = (seen(policy, seed, same) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert len({tuple(view.flatten().tolist()) for view in first}) == 8


def test_only_the_given_generator_is_drawn_from(policy):
    torch.manual_seed(1)
    first, state = seen(policy, 3), torch.get_rng_state()
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    assert torch.equal(seen(policy, 3), first)


def test_a_view_does_not_depend_on_the_other_images(policy):
    images = pictures()
    others = 255 - images
    others[5] = images[5]
    for view in (0, 1):
        kept = seen(policy, 4, images, view)[5]
        assert torch.equal(seen(policy, 4, others, view)[5], kept)
    if hasattr(policy, "local"):
        made = [policy.local(some, seeded(4), 14)[5] for some in (images, others)]
        assert torch.equal(*made)


def test_nothing_waits_for_what_a_gpu_has_worked_out(policy):
    """Tensors without values: asking one for a number, or for a size, is an error."""
    with FakeTensorMode():
        images = torch.empty(6, 32, 32, dtype=torch.uint8)
        for view in (0, 1):
            assert policy.augment(images, torch.Generator(), view).shape == (6, 32, 32)
        if hasattr(policy, "local"):
            assert policy.local(images, torch.Generator(), 14).shape == (6, 14, 14)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_nothing_waits_for_the_gpu(policy):
    images, generator = pictures().cuda(), torch.Generator("cuda").manual_seed(0)
    policy.augment(images, generator, 1)  # what is set up once may wait
    torch.cuda.set_sync_debug_mode("error")
    try:
        for view in (0, 1):
            policy.augment(images, generator, view)
        if hasattr(policy, "local"):
            policy.local(images, generator, 14)
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("name", LOCAL)
def test_a_local_view_has_the_size_that_is_asked_for(name):
    policy, images = augmentations.load(name), pictures()
    first, again, other = (policy.local(images, seeded(seed), 14) for seed in (1, 1, 2))
    assert first.shape == (8, 14, 14)
    assert first.dtype == torch.float32
    assert 0 <= first.min() <= first.max() <= 1
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert 0 < policy.LOCAL_SIDE < 1


def test_local_views_are_those_of_the_papers_that_have_them():
    assert LOCAL == ["dino", "swav"]


def test_no_policy_but_the_control_is_silent_about_its_source():
    for name in sorted(set(NAMES) - {"radiograph", "none"}):
        told = augmentations.load(name).__doc__
        assert "https://arxiv.org/" in told
        assert "colour" in told  # what was left out, and why
        assert "`radiograph`" in told  # what a radiograph suffers here


# what a radiograph must not suffer


def right_share(policy, n=400):
    """How many views of pictures that are bright on the right are bright there."""
    images = torch.zeros(n, 32, 32, dtype=torch.uint8)
    images[:, :, 18:] = 255
    views = seen(policy, 0, images)
    return (views[..., 24:].mean((1, 2)) > views[..., :8].mean((1, 2))).float().mean()


def test_a_radiograph_is_never_flipped_nor_cropped_to_less_than_three_tenths():
    """The heart stays on its side: what is left of the picture stays left."""
    assert right_share(radiograph) > 0.9
    assert radiograph.AREA[0] >= 0.3
    assert not hasattr(radiograph, "local")


@pytest.mark.parametrize("policy", MIRRORING)
def test_half_of_the_pictures_are_mirrored_where_the_paper_does(policy, monkeypatch):
    monkeypatch.setattr(policy, "AREA", (1, 1), raising=False)
    monkeypatch.setattr(policy, "SOLARISED_SHARES", (0, 0), raising=False)
    assert 0.43 < right_share(policy) < 0.57


def test_none_is_the_picture_itself():
    images = pictures()
    torch.testing.assert_close(seen(none, 1, images) * 255, images.float())


def test_a_radiograph_is_relit_as_fine_tuning_does_it():
    images = pictures(side=64).float() / 255
    given = {"gamma": radiograph.GAMMA, "contrast": radiograph.CONTRAST}
    expected = warp.exposed(
        images, seeded(0), brightness=radiograph.BRIGHTNESS, **given
    )
    relit = images.clone()
    radiograph._relight(relit, seeded(0))
    torch.testing.assert_close(relit, expected, atol=1e-5, rtol=0)


def test_a_radiograph_is_softened_by_the_mean_of_nine():
    images = pictures(200).float() / 255
    soft = images.clone()
    radiograph._blur(soft, seeded(0))
    mean = functional.avg_pool2d(images[:, None], 3, 1, 1, count_include_pad=False)
    same = (soft == images).all(2).all(1)
    assert (~same).sum() == 60
    torch.testing.assert_close(soft[~same], mean[~same, 0], atol=1e-6, rtol=0)


# what each paper does


def test_moco_cxr_neither_crops_nor_changes_the_light():
    """A disc about the middle is what it was, however it is turned and mirrored."""
    place = torch.arange(64) - 31.5
    disc = 255 * ((place[:, None] ** 2 + place**2) < 20**2)
    images = disc.to(torch.uint8).expand(50, 64, 64)
    views = seen(moco_cxr, 0, images)
    sums = views.sum((1, 2))
    assert (sums / (disc.sum() / 255) - 1).abs().max() < 0.01
    assert views.amax((1, 2)).min() > 0.99


def test_moco_cxr_turns_by_ten_degrees_at_most_and_evenly():
    images = torch.zeros(1000, 65, 65, dtype=torch.uint8)
    images[:, 31:34] = 255  # a level bar: its height far out tells the angle
    views = seen(moco_cxr, 0, images)
    height = torch.arange(65.0)[None] - 32
    column = views[:, :, 60]
    middle = (column * height).sum(1) / column.sum(1)
    angles = torch.rad2deg(torch.atan2(middle, torch.tensor(28.0)))
    assert distance(angles, torch.linspace(-10, 10, 1000)) < 0.07


def ramps(side=32):
    """Pictures whose values are where they are, across and down, from -1 to 1."""
    place = (2 * torch.arange(side) + 1) / side - 1
    return place.expand(side, side), place[:, None].expand(side, side)


def windows(n=2000, side=32, **how):
    """Width, height, and centre of drawn windows; an image is from -1 to 1."""
    views = [
        optics.cropped(ramp.expand(n, side, side), seeded(0), **how)[:, side // 4 :]
        for ramp in ramps(side)
    ]
    across = views[0][:, 0, side // 4 : -side // 4]
    down = views[1][:, : side // 2, 0]
    span = (side // 2 - 1) / side
    ends = [(line[:, 0], line[:, -1]) for line in (across, down)]
    sizes = [(last - first) / 2 / span for first, last in ends]
    centres = [(last + first) / 2 for first, last in ends]
    return *sizes, *centres


@pytest.mark.parametrize(
    ("area", "ratio"), [((0.08, 1), (3 / 4, 4 / 3)), ((0.05, 0.4), (0.5, 2))]
)
def test_windows_are_drawn_as_by_torchvision(area, ratio):
    width, height, across, down = windows(area=area, ratio=ratio)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        blank = torch.empty(1, 1000, 1000)
        theirs = torch.tensor(
            [
                RandomResizedCrop.get_params(blank, list(area), list(ratio))
                for _ in range(2000)
            ]
        )
    top, left, high, wide = theirs.T / 1000
    assert distance(width * height, wide * high) < 0.06
    assert distance(width / height, wide / high) < 0.06
    assert distance((across + 1 - width) / 2, left) < 0.06
    assert distance((down + 1 - height) / 2, top) < 0.06
    assert (across.abs() + width).max() < 1 + 1e-4
    assert (down.abs() + height).max() < 1 + 1e-4


def test_a_share_of_windows_is_mirrored_and_is_else_the_same():
    plain = windows(area=(0.2, 1), ratio=(1, 1))
    mirrored = windows(area=(0.2, 1), ratio=(1, 1), mirrored_share=0.3)
    torch.testing.assert_close(mirrored[0].abs(), plain[0], atol=1e-4, rtol=0)
    torch.testing.assert_close(mirrored[1], plain[1], atol=1e-4, rtol=0)
    assert 0.27 < (mirrored[0] < 0).float().mean() < 0.33


def test_a_mirror_image_is_the_image_from_right_to_left():
    images = pictures(50).float() / 255
    whole = {"area": (1, 1), "ratio": (1, 1)}
    for share, expected in ((0, images), (1, images.flip(2))):
        made = optics.cropped(images, seeded(0), mirrored_share=share, **whole)
        torch.testing.assert_close(made, expected, atol=1e-5, rtol=0)


def test_the_border_of_a_crop_is_not_darkened_but_what_is_turned_in_is_black():
    white = torch.ones(50, 32, 32)
    crop = {"area": (0.1, 1), "ratio": (3 / 4, 4 / 3)}
    assert optics.cropped(white, seeded(0), **crop).min() > 1 - 1e-6
    turned = optics.cropped(
        white, seeded(0), area=(1, 1), ratio=(1, 1), rotation_degrees=20
    )
    assert turned.amin((1, 2)).median() == 0


def test_the_grid_is_the_affine_grid():
    theta = torch.rand(5, 2, 3, generator=seeded(0)) - 0.5
    expected = functional.affine_grid(theta, [5, 1, 33, 33], align_corners=False)
    torch.testing.assert_close(optics._grid(theta, 33), expected, atol=1e-6, rtol=0)


def test_fine_structure_does_not_alias_into_a_smaller_view():
    """Stripes too fine for the view become grey, as in an area average."""
    stripes = (torch.arange(224) % 2).float().expand(4, 224, 224)
    whole = {"area": (1, 1), "ratio": (1, 1)}
    small = optics.cropped(stripes, seeded(0), side_px=96, **whole)
    exact = functional.interpolate(stripes[:, None], 96, mode="area")[:, 0]
    plain = functional.interpolate(stripes[:, None], 96, mode="bilinear")[:, 0]
    assert (small - 0.5).square().mean() < (exact - 0.5).square().mean() * 1.5
    assert (small - 0.5).square().mean() < (plain - 0.5).square().mean() / 5


@pytest.mark.parametrize("policy", SMALLEST)
def test_who_paints_back_sees_an_upright_part_in_its_own_light(policy):
    """Rows and columns of planted coordinates stay straight, and so does their span."""
    ramp = (torch.arange(64) * 4).to(torch.uint8)
    views = seen(policy, 0, ramp[:, None].expand(300, 64, 64))
    assert views[..., 4:-4].std(2).max() < 1e-3  # level: nothing is turned
    span = (views[:, -6].mean(1) - views[:, 5].mean(1)) * 255 / 4 / 53
    least = (SMALLEST[policy] * 3 / 4) ** 0.5
    assert least - 0.02 < span.min() < least + 0.12
    assert span.max() < 1.01


@pytest.mark.parametrize(
    ("policy", "least"), [(simclr, 0.08), (byol, 0.08), (moco_v2, 0.2), (dino, 0.4)]
)
def test_who_compares_may_show_as_little_as_the_paper(policy, least, monkeypatch):
    monkeypatch.setattr(policy, "JITTERED_SHARE", 0)
    ramp = (torch.arange(64) * 4).to(torch.uint8)
    views = seen(policy, 0, ramp[:, None].expand(500, 64, 64))
    span = (views[:, -6].mean(1) - views[:, 5].mean(1)) * 255 / 4 / 53
    least = (least * 3 / 4) ** 0.5
    assert least - 0.02 < span.min() < least + 0.12
    assert span.max() < 1.01


@pytest.mark.parametrize(
    ("policy", "area"), [(swav, (0.05, 0.14)), (dino, (0.05, 0.4))]
)
def test_a_local_view_shows_no_more_than_the_paper(policy, area, monkeypatch):
    monkeypatch.setattr(policy, "JITTERED_SHARE", 0)
    ramp = (torch.arange(64) * 4).to(torch.uint8)
    views = policy.local(ramp[:, None].expand(800, 64, 64), seeded(0), 27)
    span = (views[:, -4].mean(1) - views[:, 3].mean(1)) * 255 / 4 / 64 * 27 / 20
    least, most = (area[0] * 3 / 4) ** 0.5, (area[1] * 4 / 3) ** 0.5
    assert least - 0.02 < span.min() < least + 0.05
    assert most - 0.06 < span.max() < most + 0.02


@pytest.mark.parametrize(
    ("policy", "strength"),
    [(simclr, 0.8), (swav, 0.8), (moco_v2, 0.4), (byol, 0.4), (dino, 0.4)],
)
def test_four_fifths_are_relit_by_the_strength_of_the_paper(policy, strength):
    grey = torch.full((1000, 8, 8), 51, dtype=torch.uint8)
    factors = seen(policy, 0, grey)[:, 4, 4] / 0.2
    changed = factors[(factors - 1).abs() > 1e-4]
    assert 760 < len(changed) < 840
    assert abs(changed.min() - (1 - strength)) < 0.02
    assert abs(changed.max() - (1 + strength)) < 0.02


@pytest.mark.parametrize("policy", [byol, dino])
def test_the_first_view_is_always_blurred_and_of_the_second_a_fifth_is_solarised(
    policy, monkeypatch
):
    still = {"AREA": (1, 1), "RATIO": (1, 1), "MIRRORED_SHARE": 0, "JITTERED_SHARE": 0}
    for name, value in {**still, "SIGMA_PX": (7, 14)}.items():
        monkeypatch.setattr(policy, name, value)
    images = pictures(100)
    grey = images.float() / 255
    first, second, third = (seen(policy, 0, images, view) for view in range(3))
    assert ((first - grey).abs().amax((1, 2)) > 0.01).all()
    same = (second - grey).abs().amax((1, 2)) < 1e-4
    negative = torch.minimum(grey, 1 - grey)
    solarised = (second - negative).abs().amax((1, 2)) < 1e-4
    assert 70 <= same.sum() <= 80  # 90 not blurred, of which a fifth is solarised
    assert 90 - same.sum() == solarised.sum()
    assert torch.equal(second, third)


# light, each against its definition


def test_jitter_is_torchvisions_of_a_grey_image_in_either_order():
    n = 60
    halves = torch.full((n, 8, 8), 0.4)
    halves[:, :4] = 0.6  # too dull to be cut off: they tell the factors
    told = optics.jitter_(halves, seeded(0), strength=0.4, share=0.8)
    brightness = told.mean((1, 2)) / 0.5
    contrast = (told[:, 0, 0] - told[:, 7, 0]) / 0.2 / brightness
    images = pictures(n).float() / 255
    made = optics.jitter_(images.clone(), seeded(0), strength=0.4, share=0.8)
    orders = [0, 0]
    for image, b, c, got in zip(images, brightness, contrast, made, strict=True):
        one = adjust_contrast(adjust_brightness(image[None], b.item()), c.item())
        two = adjust_brightness(adjust_contrast(image[None], c.item()), b.item())
        away = [(some[0] - got).abs().max() for some in (one, two)]
        assert min(away) < 1e-4
        orders[int(away[1] < away[0])] += 1
    assert min(orders) > 10


def test_jitter_changes_a_share_by_factors_up_to_its_strength():
    halves = torch.full((3000, 4, 4), 0.3)
    halves[:, :2] = 0.32
    told = optics.jitter_(halves, seeded(0), strength=0.8, share=0.8)
    brightness = told.mean((1, 2)) / 0.31
    contrast = (told[:, 0, 0] - told[:, 3, 0]) / 0.02 / brightness
    changed = (brightness - 1).abs() > 1e-4
    assert 0.78 < changed.float().mean() < 0.82
    even = torch.linspace(0.2, 1.8, 1000)
    assert distance(brightness[changed], even) < 0.06
    assert distance(contrast[changed], even) < 0.06


def test_solarising_turns_the_bright_half_of_a_share_into_its_negative():
    images = pictures(100).float() / 255
    made = optics.solarise_(images.clone(), seeded(0), share=0.2)
    turned = torch.where(images < 0.5, images, 1 - images)
    same = (made == images).all(2).all(1)
    assert (~same).sum() == 20
    assert torch.equal(made[~same], turned[~same])


@pytest.mark.parametrize(("share", "n"), [(0.3, 7), (0.5, 1), (1, 5), (0, 5)])
def test_lots_fall_on_each_image_as_often_as_its_share(share, n):
    generator, times = seeded(0), torch.zeros(n)
    for _ in range(2000):
        rows, chosen = optics.lots(share, n, generator)
        times[rows[chosen]] += 1
    assert (times / 2000 - share).abs().max() < 0.04


@pytest.mark.parametrize("sigma", [0.4, 1.5, 3])
def test_softening_is_a_gaussian_average(sigma):
    images = torch.rand(3, 21, 21, generator=seeded(1))
    soft = optics.soften_(images.clone(), seeded(0), sigma_px=(sigma, sigma), share=1)
    reach = 3 * 3
    away = torch.arange(-reach, reach + 1.0)
    kernel = torch.exp(-(away[:, None] ** 2 + away**2) / (2 * sigma**2))
    padded = functional.pad(images[:, None], [reach] * 4, mode="reflect")
    expected = functional.conv2d(padded, (kernel / kernel.sum())[None, None])[:, 0]
    torch.testing.assert_close(soft, expected, atol=4e-3, rtol=0)


def test_softening_chooses_images_and_widths_one_by_one():
    images = pictures(100).float() / 255
    soft = optics.soften_(images.clone(), seeded(0), sigma_px=(0.5, 2), share=0.5)
    same = (soft == images).all(2).all(1)
    assert same.sum() == 50
    spread = soft[~same].std((1, 2))
    assert spread.max() > 1.5 * spread.min()


# what fine-tuning moves and relights


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

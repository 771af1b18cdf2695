"""Every picture becomes one square; the lungs are cropped where the mask is trusted."""

import numpy as np
import pytest

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.store import Store, gather_by_dataset
from workflow_scripts.prepare.boxes import lung_box
from workflow_scripts.prepare.resize import squared
from workflow_scripts.prepare.store import Recipe, chosen_box


def picture(rows, columns, seed=0):
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (rows, columns)).astype(np.uint8)


def lungs(rows=100, columns=80):
    mask = np.zeros((rows, columns), np.uint8)
    mask[20:70, 10:30] = 1
    mask[25:75, 45:70] = 1
    return mask


def by_area_average(image, size_px):
    """The mean over each target pixel, one at a time."""
    step = len(image) // size_px
    blocks = image.reshape(size_px, step, size_px, step).astype(float)
    return blocks.mean((1, 3))


def test_shrinking_is_the_exact_mean_over_each_target_pixel():
    image = picture(128, 128)
    difference = np.abs(squared(image, 32) - by_area_average(image, 32))
    assert difference.max() <= 0.5


def test_proportions_are_kept_with_black_beside():
    image = np.full((100, 50), 200, np.uint8)
    square = squared(image, 40)
    assert square.shape == (40, 40)
    assert (square[:, 10:30] == 200).all()
    assert not square[:, :10].any()
    assert not square[:, 30:].any()


def recipe(crop):
    return Recipe(size_px=32, crop=crop, margin=0.0)


def test_the_lung_box_is_the_smallest_around_both_lungs():
    box = lung_box(lungs(), margin=0.0)
    assert (box.top, box.left, box.rows, box.columns) == (20, 10, 55, 60)
    assert box.quality == 1.0
    assert box.crop == "lungs"


def test_the_margin_ends_at_the_border():
    box = lung_box(lungs(), margin=0.5)
    assert (box.top, box.left, box.rows, box.columns) == (0, 0, 100, 80)


def test_a_speck_does_not_widen_the_box():
    mask = lungs()
    mask[95, 75] = 1
    assert lung_box(mask, margin=0.0).rows == 55


@pytest.mark.parametrize("share", [0.0, 0.01, 1.0])
def test_a_mask_that_cannot_be_lungs_never_crops(share):
    mask = np.zeros((100, 100), np.uint8)
    mask[: round(100 * share)] = 1
    box = lung_box(mask, 0.05)
    assert box.quality == 0
    assert box.of(mask).shape == (100, 100)


def test_without_a_mask_the_whole_picture_is_kept_and_the_reason_is_told():
    box = chosen_box(picture(100, 80), None, recipe("lungs"))
    assert (box.rows, box.columns) == (100, 80)
    assert box.crop == "whole: no lung mask"
    assert np.isnan(box.quality)


def test_nothing_is_cropped_when_nothing_is_asked():
    box = chosen_box(picture(100, 80), lungs(), recipe("none"))
    assert (box.rows, box.columns) == (100, 80)


def test_a_store_gives_back_what_was_put_in(tmp_path):
    images = {
        name: np.stack([picture(8, 8, seed + i) for i in range(5)])
        for name, seed in (("a", 0), ("b", 9))
    }
    stores = {}
    for name, array in images.items():
        (tmp_path / name).write_bytes(array.tobytes())
        stores[name] = Store(tmp_path / name, 8)
    datasets = np.array(["b", "a", "b"], object)
    got = gather_by_dataset(datasets, np.array([4, 0, 1]), stores)
    wanted = [images["b"][4], images["a"][0], images["b"][1]]
    np.testing.assert_array_equal(got, wanted)


def test_a_store_of_another_size_is_refused(tmp_path):
    (tmp_path / "pixels.u8").write_bytes(bytes(100))
    with pytest.raises(InputError, match="not a whole number"):
        Store(tmp_path / "pixels.u8", 8)

"""What somebody drew lies in the store where the picture's pixels lie."""

import numpy as np
import pytest

from tests.prepare.shards import Shard, chest, lungs
from tests.prepare.test_store import SIZE, recipe, stored
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.store import Lungs
from workflow_scripts.core.tables.prepare_pixels import DRAWN
from workflow_scripts.prepare import drawn

SHAPES = [(300, 240), (200, 260), (310, 310)]


def brought(folder, shard, size_px=SIZE):
    """Run the step on a shard whose store is in `folder`; return masks and table."""
    drawn.main(
        decoded=shard.decoded,
        pixels=shard.pixels,
        lung_masks=shard.lung_masks,
        stored=folder / "3.parquet",
        recipe=drawn.Recipe(size_px=size_px),
        drawn=folder / "3.drawn",
        listed=folder / "3.drawn.parquet",
    )
    table = DRAWN.read(folder / "3.drawn.parquet")
    rows = np.arange(len(table))
    return Lungs([folder / "3.drawn"], size_px).gather(
        np.full(len(rows), 3), rows
    ), table


@pytest.mark.parametrize("size_px", [64, 50])
@pytest.mark.parametrize("crop", ["none", "lungs"])
def test_a_picture_of_the_mask_and_the_mask_are_the_same_image(tmp_path, crop, size_px):
    """The picture is what was drawn in it, but in grey, sent through the store."""
    masks = [lungs(*shape) for shape in SHAPES]
    shard = Shard(tmp_path, [mask * np.uint8(255) for mask in masks], masks)
    asked = recipe(crop)
    asked = type(asked)(**vars(asked) | {"size_px": size_px})
    images, _, table = stored(tmp_path, shard, asked)
    assert (table["crop"] == ("whole" if crop == "none" else crop)).all()
    seen, listed = brought(tmp_path, shard, size_px)
    np.testing.assert_array_equal(seen, images >= 128)
    assert seen.any((1, 2)).all()
    assert listed["drawn"].all()


def test_all_that_was_drawn_is_kept_whether_it_looks_like_lungs_or_not(tmp_path):
    """One lung alone is no lung mask to be trusted, and is still what was drawn."""
    mask = lungs(300, 240)
    mask[:, 120:] = 0
    shard = Shard(tmp_path, [chest(300, 240)], [mask])
    _, trusted, _ = stored(tmp_path, shard, recipe("none"))
    seen, listed = brought(tmp_path, shard)
    assert not trusted.any()
    assert seen.any()
    assert listed["drawn"].all()


def test_where_nobody_drew_or_nothing_was_drawn_there_is_nothing(tmp_path):
    masks = [lungs(*SHAPES[0]), None, np.zeros(SHAPES[2], np.uint8)]
    shard = Shard(tmp_path, [chest(*shape) for shape in SHAPES], masks)
    stored(tmp_path, shard, recipe("none"))
    seen, listed = brought(tmp_path, shard)
    assert listed["file_id"].tolist() == ["f0", "f1", "f2"]
    assert listed["row"].tolist() == [0, 1, 2]
    assert listed["drawn"].tolist() == [True, False, False]
    assert seen.any((1, 2)).tolist() == [True, False, False]


def test_a_dataset_without_any_masks_has_nothing_drawn(tmp_path):
    shard = Shard(tmp_path, [chest(300, 240)])
    stored(tmp_path, shard, recipe("none"))
    seen, listed = brought(tmp_path, shard)
    assert not seen.any()
    assert not listed["drawn"].any()


def test_a_store_of_other_pictures_is_refused(tmp_path):
    whole = Shard(tmp_path / "whole", [chest(300, 240)] * 2)
    stored(tmp_path, whole, recipe("none"))
    fewer = Shard(tmp_path / "fewer", [chest(300, 240)])
    with pytest.raises(InputError, match="not of these pictures"):
        brought(tmp_path, fewer)

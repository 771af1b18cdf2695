"""Every picture becomes one square; the lungs are cropped where the mask is trusted."""

import numpy as np
import pandas as pd
import pytest

from tests.prepare.shards import Shard, chest, lungs
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.provenance import sha256
from workflow_scripts.core.store import Lungs, Store
from workflow_scripts.core.tables.ingest import IMAGES
from workflow_scripts.core.tables.prepare_pixels import SHARDS, STORE, STORED
from workflow_scripts.prepare import index, store
from workflow_scripts.prepare import lungs as lungs_step
from workflow_scripts.prepare.boxes import Box, around, widened
from workflow_scripts.prepare.crop import chosen
from workflow_scripts.prepare.resize import squared, unsquared

SIZE = 64
PLAIN = {"contrast": "as_displayed", "clahe_clip": 2.0, "least_quality": 0.7}


def picture(rows, columns, seed=0):
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (rows, columns)).astype(np.uint8)


def recipe(crop, **other):
    return store.Recipe(size_px=SIZE, crop=crop, margin=0.0, **PLAIN | other)


def by_area_average(image, size_px):
    """The mean over each target pixel, one at a time."""
    step = len(image) // size_px
    blocks = image.reshape(size_px, step, size_px, step).astype(float)
    return blocks.mean((1, 3))


def overlaps(n_from, n_to):
    """The share of each source pixel in each target pixel, along one side."""
    edges = np.arange(n_to + 1) * n_from / n_to
    starts = np.arange(n_from)
    shared = np.minimum(edges[1:, None], starts + 1) - np.maximum(
        edges[:-1, None], starts
    )
    return np.clip(shared, 0, None) / (n_from / n_to)


def test_shrinking_is_the_exact_mean_over_each_target_pixel():
    image = picture(128, 128)
    difference = np.abs(squared(image, 32) - by_area_average(image, 32))
    assert difference.max() <= 0.5


def test_shrinking_by_no_whole_number_is_the_exact_mean_too():
    image = picture(150, 117)
    square = squared(image, 64)
    wanted = overlaps(150, 64) @ image @ overlaps(117, 50).T
    assert np.abs(square[:, 7:57] - wanted).max() <= 0.51
    assert not square[:, :7].any()
    assert not square[:, 57:].any()


def test_proportions_are_kept_with_black_beside():
    image = np.full((100, 50), 200, np.uint8)
    square = squared(image, 40)
    assert square.shape == (40, 40)
    assert (square[:, 10:30] == 200).all()
    assert not square[:, :10].any()
    assert not square[:, 30:].any()


@pytest.mark.parametrize("shape", [(300, 200), (90, 310), (256, 256)])
def test_a_mask_comes_back_from_its_square(shape):
    mask = lungs(*shape) * np.uint8(255)
    back = unsquared(squared(mask, 256), *shape) >= 128
    assert (back != (mask > 0)).mean() < 0.01


def test_the_box_is_the_smallest_around_both_and_the_margin_ends_at_the_border():
    boxes = [
        Box(top=20, left=10, rows=50, columns=20),
        Box(top=25, left=45, rows=50, columns=25),
    ]
    none = widened(boxes, 0.0, 100, 80)
    assert none == Box(top=20, left=10, rows=55, columns=60)
    assert widened(boxes, 0.1, 100, 80) == Box(top=14, left=4, rows=67, columns=72)
    assert widened(boxes, 0.5, 100, 80) == Box(top=0, left=0, rows=100, columns=80)


FOUND = {
    **{
        "right_top": 20.0,
        "right_left": 10.0,
        "right_rows": 50.0,
        "right_columns": 20.0,
    },
    **{"left_top": 25.0, "left_left": 45.0, "left_rows": 50.0, "left_columns": 25.0},
}


@pytest.mark.parametrize(
    ("quality", "asked", "said", "rows"),
    [
        (0.9, "lungs", "lungs", 55),
        (0.9, "masked", "masked", 55),
        (0.7, "lungs", "lungs", 55),
        (0.69, "lungs", "whole: lung mask not trusted", 100),
        (0.69, "masked", "whole: lung mask not trusted", 100),
        (np.nan, "lungs", "whole: no lung mask", 100),
        (0.9, "none", "whole", 100),
        (np.nan, "none", "whole", 100),
    ],
)
def test_only_a_trusted_mask_crops_and_the_reason_is_told(quality, asked, said, rows):
    row = FOUND | {"quality": quality}
    crop = chosen(row, (100, 80), crop=asked, margin=0.0, least_quality=0.7)
    assert crop.what == said
    assert crop.box.rows == rows
    assert crop.trusted == (quality >= 0.7)


def stored(folder, shard, wanted):
    """Run both steps over a shard with drawn lungs; return images, lungs, table."""
    folder.mkdir(exist_ok=True)
    lungs_step.main(
        weights=[],
        decoded=shard.decoded,
        pixels=shard.pixels,
        lung_masks=shard.lung_masks,
        recipe=lungs_step.Recipe(finder="drawn"),
        identity="",
        lungs=folder / "3.bits",
        found=folder / "found.parquet",
        sheet=folder / "3.png",
    )
    store.main(
        decoded=shard.decoded,
        pixels=shard.pixels,
        lungs=folder / "3.bits",
        found=folder / "found.parquet",
        recipe=wanted,
        identity="",
        store=folder / "3.u8",
        stored_lungs=folder / "3.lungs",
        stored=folder / "3.parquet",
    )
    table = STORED.read(folder / "3.parquet")
    places = np.full(len(table), 3), np.arange(len(table))
    images = Store([folder / "3.u8"], wanted.size_px).gather(*places)
    masks = Lungs([folder / "3.lungs"], wanted.size_px).gather(*places)
    return images, masks, table


@pytest.fixture(scope="module")
def shard(tmp_path_factory):
    """Three pictures of other shapes; nobody drew the lungs of the second."""
    shapes = [(300, 240), (200, 260), (310, 310)]
    masks = [lungs(*shape) for shape in shapes]
    masks[1] = None
    pictures = [chest(*shape, seed) for seed, shape in enumerate(shapes)]
    return Shard(tmp_path_factory.mktemp("shard"), pictures, masks)


@pytest.mark.parametrize("crop", ["none", "lungs", "masked"])
def test_the_lungs_follow_the_image_to_within_a_pixel(tmp_path, shard, crop):
    """The picture is the mask itself, so that the image shows where its lungs are."""
    masks = [lungs(*p.shape) for p in shard.pictures]
    grey = [mask * np.uint8(200) + np.uint8(55) for mask in masks]
    images, lung, table = stored(tmp_path, Shard(tmp_path, grey, masks), recipe(crop))
    assert not table["crop"].str.startswith("whole:").any()
    for image, seen in zip(images, lung, strict=True):
        inside = image > 155
        near = np.pad(inside, 1)
        shifted = [
            near[1 + down : SIZE + 1 + down, 1 + across : SIZE + 1 + across]
            for down in (-1, 0, 1)
            for across in (-1, 0, 1)
        ]
        assert not (seen & ~np.any(shifted, axis=0)).any()
        assert not (np.all(shifted, axis=0) & ~seen).any()
        assert seen.mean() > 0.1


def test_a_crop_shows_the_box_and_nothing_else(tmp_path, shard):
    images, _, table = stored(tmp_path, shard, recipe("lungs"))
    assert table["file_id"].tolist() == ["f0", "f1", "f2"]
    assert table["crop"].tolist() == ["lungs", "whole: no lung mask", "lungs"]
    for image, p, row in zip(
        images, shard.pictures, table.to_dict("records"), strict=True
    ):
        part = p[
            row["box_top"] : row["box_top"] + row["box_rows"],
            row["box_left"] : row["box_left"] + row["box_columns"],
        ]
        np.testing.assert_array_equal(image, squared(part, SIZE))
        if row["crop"] == "lungs":
            wanted = around(lungs(*p.shape) > 0)
            assert abs(row["box_top"] - wanted.top) <= 3
            assert abs(row["box_left"] - wanted.left) <= 3
            assert abs(row["box_rows"] - wanted.rows) <= 5
            assert abs(row["box_columns"] - wanted.columns) <= 5


def test_masked_keeps_the_lungs_and_blackens_what_is_not_near_them(tmp_path, shard):
    masked, lung, table = stored(tmp_path / "masked", shard, recipe("masked"))
    plain, _, _ = stored(tmp_path / "lungs", shard, recipe("lungs"))
    assert table["crop"][0] == "masked"
    inner = lung[0] & (masked[0] > 0)
    assert (masked[0] == plain[0])[lung[0]].mean() > 0.97
    assert inner.sum() > 0.97 * lung[0].sum()
    assert (masked[0] > 0).sum() < 1.35 * lung[0].sum()
    np.testing.assert_array_equal(masked[1], plain[1])  # the whole of one without mask


@pytest.mark.parametrize("crop", ["none", "lungs", "masked"])
def test_a_mask_that_is_not_trusted_is_stored_as_no_lungs(tmp_path, crop):
    """Of three pictures the middle one shows one lung alone, which no quality has."""
    drawn = [lungs(300, 240) for _ in range(3)]
    drawn[1][:, 120:] = 0
    shard = Shard(tmp_path, [chest(300, 240)] * 3, drawn)
    _, lung, table = stored(tmp_path, shard, recipe(crop))
    assert table["mask_quality"][1] < 0.7
    assert lung.any((1, 2)).tolist() == [True, False, True]
    _, lung, _ = stored(tmp_path, shard, recipe(crop, least_quality=0.0))
    assert lung.any((1, 2)).all()


@pytest.mark.parametrize("crop", ["none", "lungs", "masked"])
def test_a_speck_beside_the_lungs_is_neither_stored_nor_shown(tmp_path, crop):
    """It lies between the lungs, and so in their box."""
    clean, speckled = lungs(300, 240), lungs(300, 240)
    speckled[130:150, 115:125] = 1
    shard = Shard(tmp_path, [np.full((300, 240), 200, np.uint8)] * 2, [clean, speckled])
    images, lung, table = stored(tmp_path, shard, recipe(crop))
    assert not table["crop"].str.startswith("whole:").any()
    assert table["mask_quality"][1] < 1  # the speck is in the mask
    np.testing.assert_array_equal(lung[0], lung[1])
    np.testing.assert_array_equal(images[0], images[1])
    if crop == "masked":
        assert not images[1][:, 31:33].any()  # the gap, speck and all


def test_clahe_raises_the_contrast_and_moves_nothing(tmp_path, shard):
    plain, lung, _ = stored(tmp_path / "plain", shard, recipe("lungs"))
    equal, same, _ = stored(
        tmp_path / "clahe", shard, recipe("lungs", contrast="clahe")
    )
    np.testing.assert_array_equal(lung, same)
    assert equal[0][lung[0]].std() > 1.2 * plain[0][lung[0]].std()


def test_a_shard_without_pictures_makes_empty_files(tmp_path):
    images, masks, table = stored(tmp_path, Shard(tmp_path, []), recipe("lungs"))
    assert table.empty
    assert images.shape == masks.shape == (0, SIZE, SIZE)


def test_lungs_of_other_pictures_are_refused(tmp_path, shard):
    stored(tmp_path, shard, recipe("none"))
    fewer = Shard(tmp_path / "fewer", shard.pictures[:2])
    with pytest.raises(InputError, match="is not of these pictures"):
        store.main(
            decoded=fewer.decoded,
            pixels=fewer.pixels,
            lungs=tmp_path / "3.bits",
            found=tmp_path / "found.parquet",
            recipe=recipe("none"),
            identity="",
            store=tmp_path / "3.u8",
            stored_lungs=tmp_path / "3.lungs",
            stored=tmp_path / "3.parquet",
        )


def indexed(folder, file_ids):
    """Run the index over one stored shard, for these accepted images."""
    table = pd.DataFrame({"file_id": file_ids}).assign(
        image_id=[f"image-of-{name}" for name in file_ids],
        **{name: "x" for name in ("patient_id", "photometric", "transfer_syntax")},
        **{name: 1 for name in ("rows", "columns", "bits_stored")},
        sha256="x",
    )
    absent = {name: None for name in IMAGES.columns if name not in table}
    IMAGES.write(table.assign(**absent), folder / "images.parquet")
    index.main(
        images=folder / "images.parquet",
        stores=[folder / "3.u8"],
        stored_lungs=[folder / "3.lungs"],
        stored=[folder / "3.parquet"],
        recipe=index.Recipe(size_px=SIZE),
        rows=folder / "rows.parquet",
        shards=folder / "shards.parquet",
    )
    return STORE.read(folder / "rows.parquet"), SHARDS.read(folder / "shards.parquet")


def test_the_index_tells_where_each_accepted_image_is(tmp_path, shard):
    stored(tmp_path, shard, recipe("lungs"))
    rows, shards = indexed(tmp_path, ["f2", "f0"])
    assert rows["image_id"].tolist() == ["image-of-f2", "image-of-f0"]
    assert rows["row"].tolist() == [2, 0]
    assert set(rows["shard"]) == {3}
    assert shards["images"].tolist() == [3]
    assert shards["sha256"].tolist() == [sha256(tmp_path / "3.u8")]
    assert shards["lungs_sha256"].tolist() == [sha256(tmp_path / "3.lungs")]


def test_an_accepted_image_that_no_shard_holds_is_told(tmp_path, shard):
    stored(tmp_path, shard, recipe("lungs"))
    with pytest.raises(InputError, match="1 of 2 accepted images are in none"):
        indexed(tmp_path, ["f2", "f9"])


def test_a_shard_that_is_cut_short_is_told(tmp_path, shard):
    stored(tmp_path, shard, recipe("lungs"))
    data = (tmp_path / "3.u8").read_bytes()
    (tmp_path / "3.u8").write_bytes(data[: SIZE**2])
    with pytest.raises(InputError, match="holds 1 images, its table 3"):
        indexed(tmp_path, ["f2", "f0"])

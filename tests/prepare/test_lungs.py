"""A mask is trusted as far as it looks like two lungs, and each lung has its box."""

import cv2
import numpy as np
import pytest

from tests.prepare.shards import Shard, chest, lungs
from workflow_scripts.core.tables.prepare_pixels import LUNGS
from workflow_scripts.prepare import lungs as step
from workflow_scripts.prepare.boxes import Box, around
from workflow_scripts.prepare.finders import SIDE
from workflow_scripts.prepare.lung_quality import judged, sides

NAN = float("nan")


def two(right=(60, 60, 120, 60), left=(60, 140, 120, 60)):
    """Two rectangles: top, left, rows, columns."""
    mask = np.zeros((SIDE, SIDE), bool)
    for top, start, rows, columns in (right, left):
        mask[top : top + rows, start : start + columns] = True
    return mask


def quality(mask, agreement=NAN, share=1.0):
    return judged(mask, share, agreement).quality


def test_two_equal_lungs_are_trusted_wholly():
    assert quality(two()) == 1
    assert quality(two(), agreement=1.0) == 1


def test_a_mask_is_trusted_as_far_as_its_weakest_part():
    assert quality(two(), agreement=0.4) == 0.4
    speckled = two()
    speckled[::8, ::8] = True
    assert 0.8 < judged(speckled, 1.0, 0.95).pieces < 1
    assert quality(speckled, 0.95) == judged(speckled, 1.0, 0.95).pieces


def test_a_small_lung_beside_a_large_one_is_not_trusted():
    seen = judged(two(left=(60, 140, 60, 30)), 1.0, 1.0)
    assert seen.symmetry == pytest.approx(0.25 / 0.6)
    assert seen.quality == seen.symmetry


def test_one_lung_alone_has_no_partner():
    mask = two()
    mask[:, :128] = False
    seen = judged(mask, 1.0, 1.0)
    assert seen.symmetry == seen.quality == 0
    assert seen.right is None
    assert seen.left == around(mask)


@pytest.mark.parametrize("rows", [1, 8, SIDE])
def test_what_covers_too_little_or_too_much_is_not_lungs(rows):
    mask = np.zeros((SIDE, SIDE), bool)
    mask[:rows] = True
    assert quality(mask, 1.0) == 0


def test_what_lungs_cover_is_measured_in_the_picture_not_in_the_black_beside():
    small = two((60, 60, 45, 30), (60, 140, 45, 30))
    assert judged(small, 1.0, 1.0).area == 0
    assert judged(small, 0.4, 1.0).area == 1


def test_no_mask_says_nothing():
    seen = judged(np.zeros((SIDE, SIDE), bool), 1.0, NAN)
    assert np.isnan([seen.quality, seen.area, seen.symmetry, seen.pieces]).all()
    assert seen.right is seen.left is None


def test_the_patients_right_lung_is_on_the_left_of_the_image():
    seen = judged(two(), 1.0, 1.0)
    assert seen.right == Box(top=60, left=60, rows=120, columns=60)
    assert seen.left == Box(top=60, left=140, rows=120, columns=60)


def test_one_piece_that_covers_both_lungs_is_cut_at_its_narrowest():
    joined = two()
    joined[150:165, 120:140] = True
    right, left, pieces = sides(joined)
    assert pieces == 1
    assert 115 <= around(right).left + around(right).columns <= 141
    assert (right | left == joined).all()
    assert not (right & left).any()
    assert quality(joined, 1.0) > 0.95


def test_a_broad_piece_without_a_valley_is_not_two_lungs():
    mask = np.zeros((SIDE, SIDE), bool)
    mask[60:180, 50:210] = True
    assert quality(mask, 1.0) == 0


def found(folder, shard, finder="drawn"):
    step.main(
        weights=[],
        decoded=shard.decoded,
        pixels=shard.pixels,
        lung_masks=shard.lung_masks,
        recipe=step.Recipe(finder=finder),
        identity="",
        lungs=folder / "3.bits",
        found=folder / "lungs.parquet",
        sheet=folder / "3.png",
    )
    table = LUNGS.read(folder / "lungs.parquet")
    bits = np.fromfile(folder / "3.bits", np.uint8).reshape(len(table), SIDE, SIDE // 8)
    sheet = cv2.imread(str(folder / "3.png"))
    return table, np.unpackbits(bits, axis=-1) > 0, sheet


SHAPES = [(300, 200), (180, 320), (500, 500)]


def test_boxes_are_told_in_the_pixels_of_the_picture(tmp_path):
    shard = Shard(tmp_path, [chest(*s) for s in SHAPES], [lungs(*s) for s in SHAPES])
    table, masks, _ = found(tmp_path, shard)
    assert table["file_id"].tolist() == ["f0", "f1", "f2"]
    assert table["row"].tolist() == [0, 1, 2]
    assert masks.shape == (3, SIDE, SIDE)
    for (rows, columns), row in zip(SHAPES, table.to_dict("records"), strict=True):
        whole = lungs(rows, columns)
        halves = {"right": whole.copy(), "left": whole.copy()}
        halves["right"][:, columns // 2 :] = 0
        halves["left"][:, : columns // 2] = 0
        pixel = max(rows, columns) / SIDE  # of the square, in the picture
        for side, half in halves.items():
            box = around(half > 0)
            ends = (box.top + box.rows, box.left + box.columns)
            told = {k: row[f"{side}_{k}"] for k in ("top", "left", "rows", "columns")}
            assert abs(told["top"] - box.top) <= 2 * pixel
            assert abs(told["left"] - box.left) <= 2 * pixel
            assert abs(told["top"] + told["rows"] - ends[0]) <= 2 * pixel
            assert abs(told["left"] + told["columns"] - ends[1]) <= 2 * pixel


def test_only_accepted_pictures_are_looked_at(tmp_path):
    pictures = [chest(*shape) for shape in SHAPES]
    statuses = ["accepted", "excluded", "accepted"]
    shard = Shard(tmp_path, pictures, [], statuses)
    table, _, _ = found(tmp_path, shard, finder="threshold")
    assert table["file_id"].tolist() == ["f0", "f2"]


def test_without_drawn_lungs_there_is_no_quality(tmp_path):
    shard = Shard(tmp_path, [chest(*SHAPES[0])] * 2, [None, None])
    table, masks, sheet = found(tmp_path, shard)
    assert table["quality"].isna().all()
    assert not masks.any()
    assert sheet.shape[1] == 6 * SIDE


@pytest.mark.parametrize(
    ("drawn", "finder", "warned"),
    [
        ([True, False], "drawn", True),
        ([True, True], "drawn", False),
        ([False, False], "drawn", False),
        ([True, False], "threshold", False),
    ],
)
def test_a_crop_that_would_tell_who_was_drawn_is_warned_of(
    tmp_path, caplog, drawn, finder, warned
):
    masks = [lungs(*SHAPES[0]) if known else None for known in drawn]
    shard = Shard(tmp_path, [chest(*SHAPES[0])] * 2, masks)
    found(tmp_path, shard, finder)
    told = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert len(told) == warned
    assert all("drawn in 1 of 2 pictures: a crop then tells" in text for text in told)


def test_a_shard_without_pictures_has_a_sheet_of_one_pixel(tmp_path):
    table, masks, sheet = found(tmp_path, Shard(tmp_path, []))
    assert table.empty
    assert not len(masks)
    assert sheet.shape == (1, 1, 3)


def test_the_sheet_shows_the_worst_of_many(tmp_path):
    drawn = [lungs(*SHAPES[0]) for _ in range(30)]
    drawn[17][:, :100] = 0  # one lung alone
    shard = Shard(tmp_path, [chest(*SHAPES[0])] * 30, drawn)
    table, _, sheet = found(tmp_path, shard)
    assert table["quality"].idxmin() == 17
    assert sheet.shape == (2 * (24 + 2 * SIDE), 6 * SIDE, 3)
    worst = sheet[-2 * SIDE : -SIDE, :SIDE].astype(int)
    second = sheet[-2 * SIDE : -SIDE, SIDE : 2 * SIDE].astype(int)
    spread = sheet[24 : 24 + SIDE, :SIDE].astype(int)
    assert np.abs(spread - second).max() == 0
    assert np.abs(worst - second).max() > 50

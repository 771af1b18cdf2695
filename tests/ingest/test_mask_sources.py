"""Mask sources: the right lungs for the right picture, or none."""

import gzip

import numpy as np
import pytest
from PIL import Image

from tests.ingest.synthetic import png_bytes, write
from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest import masks

SHAPE = (6, 9)
LEFT, RIGHT = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
LEFT[1:4, 1:3] = 1
RIGHT[2:5, 6:8] = 1
BOTH = LEFT | RIGHT


def saved(mask, suffix="png", mode="L"):
    return png_bytes(Image.fromarray(mask * 255).convert(mode), suffix)


@pytest.mark.parametrize("mode", ["L", "1", "P"])
def test_montgomery_joins_both_lungs(tmp_path, mode):
    write(tmp_path / "leftMask/MCUCXR_0001_0.png", saved(LEFT, mode=mode))
    write(tmp_path / "rightMask/MCUCXR_0001_0.png", saved(RIGHT, mode=mode))
    write(tmp_path / "leftMask/MCUCXR_0002_0.png", saved(LEFT))
    paths = ["CXR_png/MCUCXR_0001_0.png", "CXR_png/MCUCXR_0002_0.png"]
    find = masks.load("montgomery")(tmp_path, paths)
    assert np.array_equal(find(paths[0]), BOTH)
    assert find(paths[1]) is None


def test_montgomery_trusts_no_lungs_of_two_sizes_and_no_damaged_ones(tmp_path):
    write(tmp_path / "leftMask/a.png", saved(LEFT))
    write(tmp_path / "rightMask/a.png", saved(RIGHT[:4]))
    write(tmp_path / "leftMask/b.png", saved(LEFT)[:40])
    write(tmp_path / "rightMask/b.png", saved(RIGHT))
    find = masks.load("montgomery")(tmp_path, ["a.png", "b.png"])
    assert find("a.png") is None
    assert find("b.png") is None


def test_masks_by_name_lie_in_one_folder_wherever_the_pictures_are(tmp_path):
    write(tmp_path / "masks/a.png", saved(BOTH))
    find = masks.load("by_name")(tmp_path / "masks", ["images/a.jpg", "images/b.jpg"])
    assert np.array_equal(find("images/a.jpg"), BOTH)
    assert find("images/b.jpg") is None


def test_shenzhen_masks_end_in_mask(tmp_path):
    write(tmp_path / "CHNCXR_0001_0_mask.png", saved(BOTH))
    paths = ["CXR_png/CHNCXR_0001_0.png", "CXR_png/CHNCXR_0002_0.png"]
    find = masks.load("shenzhen")(tmp_path, paths)
    assert np.array_equal(find(paths[0]), BOTH)
    assert find(paths[1]) is None


@pytest.mark.parametrize("mode", ["L", "1", "P"])
def test_scr_joins_gif_lungs_of_either_fold(tmp_path, mode):
    for fold, stem in ((1, "JPCLN001"), (2, "JPCNN002")):
        place = tmp_path / f"scratch/fold{fold}/masks"
        write(place / f"left lung/{stem}.gif", saved(LEFT, "gif", mode))
        write(place / f"right lung/{stem}.gif", saved(RIGHT, "gif", mode))
        write(place / f"heart/{stem}.gif", saved(1 - BOTH, "gif", mode))
    paths = ["All247images/JPCLN001.IMG", "JPCNN002.png", "JPCNN004.IMG"]
    find = masks.load("scr")(tmp_path, paths)
    assert np.array_equal(find(paths[0]), BOTH)
    assert np.array_equal(find(paths[1]), BOTH)
    assert find(paths[2]) is None


@pytest.mark.parametrize("name", ["montgomery", "shenzhen", "scr", "by_name"])
def test_two_pictures_of_one_name_share_no_mask(tmp_path, name):
    write(tmp_path / "a.png", saved(BOTH))
    write(tmp_path / "leftMask/a.png", saved(LEFT))
    write(tmp_path / "rightMask/a.png", saved(RIGHT))
    write(tmp_path / "a_mask.png", saved(BOTH))
    write(tmp_path / "left lung/a.gif", saved(LEFT, "gif"))
    write(tmp_path / "right lung/a.gif", saved(RIGHT, "gif"))
    assert masks.load(name)(tmp_path, ["x/a.png"])("x/a.png") is not None
    assert masks.load(name)(tmp_path, ["x/a.png", "y/a.png"])("x/a.png") is None


def runs(mask):
    """Return `start length ...`, from 1, along the rows, as the authors' own code."""
    ends = np.flatnonzero(np.diff(np.concatenate([[0], mask.ravel(), [0]]))) + 1
    ends[1::2] -= ends[::2]
    return " ".join(map(str, ends))


def chexmask(column, rows):
    head = f"{column},Dice RCA (Max),Dice RCA (Mean),Landmarks,Left Lung,Right Lung,"
    text = head + "Heart,Height,Width\n"
    for name, quality, left, right in rows:
        marks = '"[[1, 2]\n [3, 4]]"'
        text += (
            f"{name},0.9,{quality},{marks},{left},{right},1 2,{SHAPE[0]},{SHAPE[1]}\n"
        )
    return text.encode()


@pytest.mark.parametrize(
    ("column", "name", "path"),
    [
        ("Image Index", "00000001_000.png", "images_001/images/00000001_000.png"),
        (
            "Path",
            "CheXpert-v1.0/train/patient00001/study1/view1_frontal.jpg",
            "CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg",
        ),
        ("dicom_id", "02aa804e-bde0afdd", "files/p10/p1/s2/02aa804e-bde0afdd.jpg"),
        ("ImageID", "2168_01-060-132.png", "images/0/2168_01-060-132.png"),
        ("image_id", "000434271f63a053", "train/000434271f63a053.dicom"),
    ],
)
def test_chexmask_finds_the_picture_by_the_name_of_its_set(
    tmp_path, column, name, path
):
    row = (name, 0.85, runs(LEFT), runs(RIGHT))
    place = write(tmp_path / "a.csv", chexmask(column, [row]))
    assert np.array_equal(masks.load("chexmask")(place, [path])(path), BOTH)


@pytest.mark.parametrize(
    ("quality", "left", "right"),
    [
        (0.69, runs(LEFT), runs(RIGHT)),
        ("", runs(LEFT), runs(RIGHT)),
        (0.9, "", runs(RIGHT)),
        (0.9, "1 2 3", runs(RIGHT)),
        (0.9, "0 2", runs(RIGHT)),
        (0.9, "53 3", runs(RIGHT)),
        (0.9, "one two", runs(RIGHT)),
    ],
)
def test_chexmask_trusts_no_poor_mask_and_no_broken_runs(
    tmp_path, quality, left, right
):
    rows = [("a.png", quality, left, right), ("b.png", 0.7, runs(LEFT), runs(RIGHT))]
    place = write(tmp_path / "a.csv", chexmask("Image Index", rows))
    find = masks.load("chexmask")(place, ["a.png", "b.png", "c.png"])
    assert find("a.png") is None
    assert np.array_equal(find("b.png"), BOTH)
    assert find("c.png") is None


def test_chexmask_reads_packed_tables_and_shares_no_mask(tmp_path):
    rows = [("a.png", 0.9, runs(LEFT), runs(RIGHT))]
    packed = gzip.compress(chexmask("Image Index", rows))
    place = write(tmp_path / "ChestX-Ray8.csv.gz", packed)
    assert masks.load("chexmask")(place, ["x/a.png"])("x/a.png") is not None
    assert masks.load("chexmask")(place, ["x/a.png", "y/a.png"])("x/a.png") is None


@pytest.mark.parametrize("lost", ["Height", "Image Index", "Dice RCA (Mean)"])
def test_chexmask_on_another_grid_or_of_no_set_is_refused(tmp_path, lost):
    rows = [("a.png", 0.9, runs(LEFT), runs(RIGHT))]
    text = chexmask("Image Index", rows).replace(lost.encode(), b"other")
    with pytest.raises(InputError, match="no column"):
        masks.load("chexmask")(write(tmp_path / "a.csv", text), ["a.png"])


def test_chexmask_errors_quote_nothing(tmp_path):
    place = write(tmp_path / "a.csv", b"Image Index,secret\nx\ny,z,w\n")
    with pytest.raises(InputError) as raised:
        masks.load("chexmask")(place, ["a.png"])
    assert "secret" not in str(raised.value)
    assert "z" not in str(raised.value)

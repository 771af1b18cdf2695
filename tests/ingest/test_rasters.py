"""PNG and JPEG files, the pictures that are kept, and lung masks."""

import numpy as np
import pytest
from PIL import Image

from tests.ingest.chain import ingest
from tests.ingest.synthetic import chest, dataset, png_bytes, write
from workflow_scripts.ingest import picture, raster

GREY = chest(bits=8).astype(np.uint8)


def palette(reverse):
    order = np.arange(256)[:: -1 if reverse else 1].astype(np.uint8)
    image = Image.fromarray(order[GREY]).convert("P")
    image.putpalette([int(order[i]) for i in range(256) for _ in range(3)])
    return image


@pytest.mark.parametrize(
    "image",
    [
        Image.fromarray(GREY),
        Image.fromarray(np.stack([GREY] * 3, axis=2)),
        Image.fromarray(np.dstack([GREY, GREY, GREY, np.full_like(GREY, 255)])),
        Image.fromarray(GREY).convert("LA"),
        palette(reverse=True),
    ],
    ids=["L", "RGB", "RGBA", "LA", "P"],
)
def test_grey_is_grey_however_it_is_written(image):
    assert np.array_equal(raster.read(png_bytes(image)).values, GREY)


def test_sixteen_bits_are_kept_and_stretched():
    found = raster.read(png_bytes(chest(bits=12)))
    assert found.bits == 16
    assert np.array_equal(found.values, chest(bits=12))
    shown = raster.shown(found)
    assert np.corrcoef(shown.ravel(), GREY.ravel())[0, 1] > 0.98


def test_a_photograph_is_turned_as_its_exif_says():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees to show
    data = png_bytes(np.rot90(GREY), "jpeg", quality=98, exif=exif)
    assert np.abs(raster.read(data).values.astype(int) - GREY).max() < 12


def test_pictures_shrink_to_the_long_side_and_never_grow():
    assert picture.reduced(GREY, 30).shape == (30, 24)
    assert picture.reduced(GREY, 1024).shape == GREY.shape
    assert np.array_equal(picture.reduced(GREY / np.float32(255), 1024), GREY)


def test_shrinking_averages_areas():
    blocks = GREY.reshape(30, 2, 24, 2).mean((1, 3))
    assert np.abs(picture.reduced(GREY, 30) - blocks).max() <= 1


def test_masks_follow_their_pictures(tmp_path):
    root, masks = tmp_path / "root", tmp_path / "masks"
    write(root / "a/one.dcm", dataset(chest(1)))
    write(root / "a/two.dcm", dataset(chest(2)))
    write(root / "a/turned.dcm", dataset(chest(3), PatientOrientation=["R", "F"]))
    drawn = np.zeros((60, 48), np.uint8)
    drawn[10:30, 4:20] = 255
    write(masks / "a/one.png", png_bytes(drawn))
    write(masks / "a/turned.png", png_bytes(Image.fromarray(drawn).convert("1")))
    done = ingest(root, tmp_path / "out", masks=masks, long_side_px=30)
    one = done.picture("a/one.dcm", "lung_masks")
    assert one.shape == done.picture("a/one.dcm").shape == (30, 24)
    assert np.array_equal(one, drawn[::2, ::2] // 255)
    assert (done.picture("a/two.dcm", "lung_masks") == 255).all()
    turned = done.picture("a/turned.dcm", "lung_masks")
    assert np.array_equal(turned, np.fliplr(drawn)[1::2, 1::2] // 255)


def test_masks_below_the_root_are_no_images(tmp_path):
    root = tmp_path / "root"
    write(root / "one.dcm", dataset(chest(1)))
    write(root / "masks/one.png", png_bytes(GREY))
    done = ingest(root, tmp_path / "out", masks=root / "masks")
    assert done.reasons() == {"one.dcm": "ok", "masks/one.png": "lung_mask"}


def test_without_masks_their_file_is_empty(tmp_path):
    write(tmp_path / "root/one.dcm", dataset(chest(1)))
    out = ingest(tmp_path / "root", tmp_path / "out").out
    assert sum(path.stat().st_size for path in (out / "pixels").glob("*.u8")) == 2880
    assert sum(p.stat().st_size for p in (out / "lung_masks").glob("*.u8")) == 0

"""PNG and JPEG files, the pictures that are kept, and lung masks."""

import struct
import zlib

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from tests.ingest.chain import ingest
from tests.ingest.synthetic import chest, dataset, png_bytes, write
from workflow_scripts.ingest import picture, raster
from workflow_scripts.ingest.pseudonym import Pseudonyms
from workflow_scripts.ingest.reading import Reader

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


@pytest.mark.parametrize("bands", [2, 3, 4])
def test_sixteen_bits_are_kept_in_every_kind_of_png(bands):
    grey = chest(bits=12)
    opaque = np.full_like(grey, 65535)
    stacked = [grey] * (1 if bands == 2 else 3) + [opaque] * (bands != 3)
    data = imagecodecs.png_encode(np.dstack(stacked))
    assert np.array_equal(raster.read(data).values, grey)


TURNS = {
    1: lambda p: p,
    2: np.fliplr,
    3: lambda p: p[::-1, ::-1],
    4: np.flipud,
    5: np.transpose,
    6: np.rot90,
    7: lambda p: p[::-1, ::-1].T,
    8: lambda p: np.rot90(p, -1),
}


@pytest.mark.parametrize("turn", TURNS)
def test_a_photograph_is_turned_as_its_exif_says(turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    held = np.ascontiguousarray(TURNS[turn](GREY))
    data = png_bytes(held, "jpeg", quality=98, exif=exif)
    assert np.abs(raster.read(data).values.astype(int) - GREY).max() < 12


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_every_kind_of_grey_jpeg_is_read(mode, progressive):
    image = Image.fromarray(GREY).convert("RGB").convert(mode)
    data = png_bytes(image, "jpeg", quality=98, progressive=progressive)
    assert np.abs(raster.read(data).values.astype(int) - GREY).max() < 12


def apng():
    more = [Image.fromarray(255 - GREY)]
    return png_bytes(GREY, save_all=True, append_images=more)


def flipped(data):
    place = data.index(b"IDAT") + 200
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def cut(data):
    return data[: len(data) // 2]


def bomb():
    rows = zlib.compress(bytes(12001) * 12000, 9)
    size = struct.pack(">IIBBBBB", 12000, 12000, 8, 0, 0, 0, 0)
    parts = (b"IHDR", size), (b"IDAT", rows), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(text))
        + name
        + text
        + struct.pack(">I", zlib.crc32(name + text))
        for name, text in parts
    )


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (cut(png_bytes(GREY)), "truncated"),
        (cut(png_bytes(chest())), "truncated"),
        (cut(png_bytes(GREY, "jpeg")), "truncated"),
        (cut(png_bytes(GREY, "jpeg", progressive=True)), "truncated"),
        (flipped(png_bytes(GREY)), "unreadable"),
        (flipped(png_bytes(chest())), "unreadable"),
        (flipped(imagecodecs.png_encode(np.dstack([chest()] * 3))), "unreadable"),
        (apng(), "multi_frame"),
        (bomb(), "too_large"),
        (png_bytes(np.dstack([GREY, GREY // 2, GREY])), "colour"),
        (png_bytes(Image.fromarray(GREY > 99)), "bilevel"),
        (png_bytes(GREY, "tiff"), "other_format"),
        (png_bytes(GREY, "webp"), "other_format"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_whole_grey_picture_is_refused(tmp_path, data, reason):
    write(tmp_path / "a.png", data)
    reader = Reader(
        root=tmp_path,
        pseudonyms=Pseudonyms(b"k" * 32, "north"),
        long_side_px=1024,
        exclude=frozenset(),
        checks=(),
        raw=None,
    )
    assert reader.read("a.png").code == reason


def test_pictures_shrink_to_the_long_side_and_never_grow():
    assert picture.reduced(GREY, 30).shape == (30, 24)
    assert picture.reduced(GREY, 1024).shape == GREY.shape
    assert np.array_equal(picture.reduced(GREY * np.uint16(257), 1024), GREY)


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

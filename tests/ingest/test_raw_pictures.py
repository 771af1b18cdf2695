"""Files that are nothing but pixels, of a format that the user describes."""

import numpy as np
import pytest

from tests.ingest.synthetic import chest, dataset, dicom_bytes, png_bytes, write
from workflow_scripts.ingest.pseudonym import Pseudonyms
from workflow_scripts.ingest.reading import Reader

FORMAT = {
    "suffix": ".IMG",
    "rows": 60,
    "columns": 48,
    "dtype": ">u2",
    "bits": 12,
    "inverted": True,
}


def read(folder, name, content, **changes):
    write(folder / name, content)
    reader = Reader(
        root=folder,
        pseudonyms=Pseudonyms(b"k" * 32, "north"),
        long_side_px=1024,
        exclude=frozenset(),
        checks=(),
        raw=FORMAT | changes,
    )
    return reader.read(name)


def negative(kind=">u2"):
    return (4095 - chest()).astype(kind).tobytes()


@pytest.mark.parametrize("name", ["JPCLN001.IMG", "jpcln001.img"])
def test_a_negative_in_big_endian_comes_out_as_displayed(tmp_path, name):
    done = read(tmp_path, name, negative())
    assert done.code == "ok"
    assert done.picture.shape == (60, 48)
    assert np.corrcoef(done.picture.ravel(), chest().ravel())[0, 1] > 0.98
    told = {
        "photometric": "raster",
        "transfer_syntax": "raw",
        "bits_stored": 12,
        "rows": 60,
        "columns": 48,
    }
    assert done.row.items() >= told.items()


@pytest.mark.parametrize("kind", ["<u2", ">u2"])
def test_the_order_of_bytes_is_as_described(tmp_path, kind):
    first = read(tmp_path, "a.IMG", negative())
    other = read(tmp_path, "a.IMG", negative(kind), dtype=kind)
    assert np.array_equal(first.picture, other.picture)
    assert first.row["pixels_sha256"] == other.row["pixels_sha256"]


def test_eight_bits_are_shown_as_they_are(tmp_path):
    grey = chest(bits=8).astype(np.uint8)
    for inverted, stored in ((False, grey), (True, 255 - grey)):
        eight = {"dtype": "u1", "bits": 8, "inverted": inverted}
        done = read(tmp_path, "a.IMG", stored.tobytes(), **eight)
        assert np.array_equal(done.picture, grey)


@pytest.mark.parametrize("content", [negative()[:-1], negative() + b"\0", b"x"])
def test_another_size_is_refused(tmp_path, content):
    assert read(tmp_path, "a.IMG", content).code == "truncated"


def test_values_beyond_the_bits_are_refused(tmp_path):
    assert read(tmp_path, "a.IMG", negative("<u2")).code == "tags_contradict"


def test_files_of_other_names_are_read_by_their_content(tmp_path):
    assert read(tmp_path, "a.dcm", dicom_bytes(dataset())).code == "ok"
    grey = png_bytes(chest(bits=8).astype(np.uint8))
    assert read(tmp_path, "a.png", grey).row["transfer_syntax"] == "png"
    assert read(tmp_path, "a.bin", negative()).code == "not_an_image"

"""Accounting: every file has one row, one reason, and the same ones the next time."""

import os
import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.ingest.chain import ingest
from tests.ingest.synthetic import (
    chest,
    compressed,
    dataset,
    dicom_bytes,
    png_bytes,
    write,
)
from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest import catalogue, decode
from workflow_scripts.ingest.reasons import REASONS


def grey(seed):
    return chest(seed, bits=8).astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Good, odd and damaged files; the name of each says what becomes of it."""
    root = tmp_path / "root"
    plain = dataset(chest(1))
    files = {
        "ok/plain.dcm": plain,
        "ok/no_suffix": dataset(chest(2)),
        "ok/named.png": dataset(chest(3)),
        "empty/a.dcm": b"",
        "truncated/a.dcm": dicom_bytes(dataset())[:-1],
        "truncated/jpeg.dcm": dicom_bytes(
            compressed(chest(), "1.2.840.10008.1.2.4.90", PatientID="P1")
        ).replace(b"\xff\xd9", b"\0\0"),
        "not_an_image/text.dcm": b"no picture\n" * 50,
        "not_an_image/labels.csv": b"image,finding\n",
        "packed/a.dcm.gz": b"\x1f\x8b\x08" + b"0" * 100,
        "lateral/a.dcm": dataset(chest(4), ViewPosition="LL"),
        "view_unknown/a.dcm": dataset(chest(5), ViewPosition=None),
        "other_modality/a.dcm": dataset(Modality="CT"),
        "no_contrast/a.dcm": dataset(np.full((60, 48), 7, np.uint16)),
        "burned_in/a.dcm": dataset(BurnedInAnnotation="YES"),
        "uid_invalid/a.dcm": dataset(SOPInstanceUID="../../tmp/pwned"),
        "patient_id_missing/a.dcm": dataset(chest(6), PatientID=None),
        "ok/nobody.png": png_bytes(grey(7)),
        "patient_id_placeholder/a.dcm": dataset(chest(8), PatientID="UNKNOWN"),
        "colour/a.png": png_bytes(Image.new("RGB", (48, 60), "red")),
        "bilevel/a.png": png_bytes(Image.new("1", (48, 60))),
        "truncated/a.png": png_bytes(grey(9))[:-40],
        "strip/a.dcm": dataset(chest(shape=(4, 900))),
    }
    for name, content in files.items():
        write(root / name, content)
    (root / "not_a_file").mkdir()
    os.mkfifo(root / "not_a_file/pipe.dcm")
    (root / "link").mkdir()
    (root / "link/a.dcm").symlink_to(root / "ok/plain.dcm")
    return root


def test_each_file_has_the_reason_that_its_folder_names(folder, tmp_path):
    done = ingest(folder, tmp_path / "out")
    reasons = done.reasons()
    assert len(reasons) == 24
    assert {p: r for p, r in reasons.items() if p.split("/")[0] != r} == {}
    assert all(done.statuses()[p] == REASONS[r].status for p, r in reasons.items())
    assert set(done.images["path"]) == {p for p, r in reasons.items() if r == "ok"}


def test_the_same_folder_gives_the_same_bytes(folder, tmp_path):
    first, second = (ingest(folder, tmp_path / name).out for name in ("one", "two"))
    names = [p.relative_to(first) for p in first.rglob("*") if p.is_file()]
    names = [name for name in names if not name.name.endswith(".provenance.json")]
    assert len(names) == 14
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_the_folder_is_left_as_it_was(folder, tmp_path):
    before = sorted((str(p), p.lstat().st_mtime_ns) for p in folder.rglob("*"))
    ingest(folder, tmp_path / "out")
    assert sorted((str(p), p.lstat().st_mtime_ns) for p in folder.rglob("*")) == before


def test_names_of_any_bytes_are_read(tmp_path):
    names = [b"new\nline.dcm", b"\xff\xfe.dcm", b"$(touch x).dcm", b"100%2F.dcm", b"="]
    root = tmp_path / "root"
    root.mkdir()
    for seed, name in enumerate(names):
        place = os.path.join(os.fsencode(root), name)  # noqa: PTH118
        with open(place, "wb") as file:  # noqa: PTH123
            file.write(dicom_bytes(dataset(chest(seed))))
    done = ingest(root, tmp_path / "out")
    assert set(done.statuses().values()) == {"accepted"}
    assert "new%0Aline.dcm" in done.statuses()
    assert "%FF%FE.dcm" in done.statuses()


def test_an_empty_folder_is_an_error_of_the_config(tmp_path, capfd):
    (tmp_path / "root/sub").mkdir(parents=True)
    with pytest.raises(SystemExit):
        ingest(tmp_path / "root", tmp_path / "out")
    logged = capfd.readouterr().err
    assert "holds no file" in logged


def test_copies_of_one_patient_are_kept_once(tmp_path):
    root = tmp_path / "root"
    for name in ("a.dcm", "b.dcm"):
        write(root / name, dataset(chest(1)))
    done = ingest(root, tmp_path / "out")
    assert sorted(done.reasons().values()) == ["duplicate", "ok"]
    assert done.images["file_id"].tolist() == [done.ledger["file_id"].min()]


def test_copies_in_another_compression_are_copies(tmp_path):
    write(tmp_path / "root/a.dcm", dataset(chest(1)))
    write(tmp_path / "root/b", compressed(chest(1), "1.2.840.10008.1.2.4.80"))
    done = ingest(tmp_path / "root", tmp_path / "out")
    assert sorted(done.reasons().values()) == ["duplicate", "ok"]


def test_one_picture_of_two_patients_is_of_neither(tmp_path):
    for patient in ("007", "7"):
        write(tmp_path / "root" / patient, dataset(chest(1), PatientID=patient))
    done = ingest(tmp_path / "root", tmp_path / "out")
    assert set(done.reasons().values()) == {"same_pixels_two_patients"}


def test_of_copies_in_opposite_polarity_the_right_one_is_kept(tmp_path):
    for tag in ("MONOCHROME1", "MONOCHROME2"):
        write(tmp_path / "root" / tag, dataset(chest(1), PhotometricInterpretation=tag))
    done = ingest(tmp_path / "root", tmp_path / "out")
    assert done.reasons() == {"MONOCHROME1": "inverted", "MONOCHROME2": "ok"}


def test_unchecked_copies_in_opposite_polarity_are_not_trusted(tmp_path):
    for tag in ("MONOCHROME1", "MONOCHROME2"):
        write(tmp_path / "root" / tag, dataset(chest(1), PhotometricInterpretation=tag))
    done = ingest(tmp_path / "root", tmp_path / "out", checks=())
    assert set(done.reasons().values()) == {"copies_disagree"}


def test_one_uid_for_two_pictures_is_not_trusted(tmp_path):
    for seed in (1, 2):
        write(tmp_path / f"root/{seed}", dataset(chest(seed), SOPInstanceUID="1.2.3"))
    done = ingest(tmp_path / "root", tmp_path / "out")
    assert set(done.reasons().values()) == {"uid_reused"}


def test_images_without_patients_are_their_own(tmp_path):
    for seed in (1, 2):
        write(tmp_path / f"root/{seed}.png", png_bytes(grey(seed)))
    done = ingest(tmp_path / "root", tmp_path / "out", patients="unknown")
    assert done.images["patient_id"].equals(done.images["image_id"])


def test_lateral_views_stay_where_any_view_is_wanted(tmp_path):
    write(tmp_path / "root/a", dataset(chest(4), ViewPosition="LL"))
    done = ingest(tmp_path / "root", tmp_path / "out", exclude=())
    assert done.image("a")["view_position"] == "LL"


def test_the_private_folder_is_private(tmp_path):
    write(tmp_path / "root/a", dataset())
    out = ingest(tmp_path / "root", tmp_path / "out").out
    assert stat.S_IMODE((out / "private").stat().st_mode) == 0o700


def test_the_page_on_reasons_is_made_from_the_list():
    page = Path(__file__).parents[2] / "docs/reasons.md"
    assert page.read_text() == catalogue.page()


def test_a_folder_that_cannot_be_read_is_no_fault_of_its_files():
    """As where a mount drops while a shard is read."""
    frame = pd.DataFrame({"reason": ["cannot_open", "cannot_open", "ok"]})
    with pytest.raises(InputError, match="mounted"):
        decode._refuse_lost_folder(frame)
    decode._refuse_lost_folder(frame[1:].replace("cannot_open", "ok"))

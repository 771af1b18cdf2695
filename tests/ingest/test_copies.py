"""Copies: of one picture in many files one is kept, and two owners mean no trust."""

import cv2
import numpy as np
import pytest

from tests.ingest.chain import ingest
from tests.ingest.synthetic import chest, dataset, png_bytes, write

FINDINGS = {"table": "", "image": "file", "patient": "pid", "findings": {"e": "E"}}


@pytest.fixture
def copied(tmp_path):
    """One picture as DICOM, as JPEG of another brightness, and at half its size."""
    picture = chest(1, bits=8, shape=(240, 200)).astype(np.uint8)
    dull = np.clip(picture * 0.9 + 12, 0, 255).astype(np.uint8)
    half = cv2.resize(picture, (100, 120), interpolation=cv2.INTER_AREA)
    write(tmp_path / "root/whole", dataset(picture, bits=8, PatientID="A"))
    write(tmp_path / "root/dull.jpg", png_bytes(dull, "jpeg", quality=85))
    write(tmp_path / "root/half.png", png_bytes(half))
    return tmp_path / "root"


def run(root, tmp_path, owners):
    rows = "".join(f"{name},{who},1\n" for name, who in owners.items())
    (tmp_path / "t.csv").write_text("file,pid,E\n" + rows)
    return ingest(root, tmp_path / "out", table=tmp_path / "t.csv", labels=FINDINGS)


def test_of_near_copies_of_one_person_the_largest_is_kept(copied, tmp_path):
    owners = {"whole": "A", "dull.jpg": "A", "half.png": "A"}
    done = run(copied, tmp_path, owners)
    reasons = done.reasons()
    assert reasons.pop("half.png") == "near_copy"
    assert sorted(reasons.values()) == ["near_copy", "ok"]


def test_near_copies_of_two_people_are_of_neither(copied, tmp_path):
    owners = {"whole": "A", "dull.jpg": "B", "half.png": "B"}
    done = run(copied, tmp_path, owners)
    assert set(done.reasons().values()) == {"near_copy_two_patients"}


def test_near_copies_of_nobody_known_are_kept_once(copied, tmp_path):
    done = ingest(copied, tmp_path / "out", patients="unknown")
    assert sorted(done.reasons().values()) == ["near_copy", "near_copy", "ok"]


def test_a_preview_beside_its_dicom_file_is_the_copy(tmp_path):
    picture = chest(1, bits=8).astype(np.uint8)
    write(tmp_path / "root/a.dcm", dataset(picture, bits=8))
    write(tmp_path / "root/a.png", png_bytes(picture))
    done = ingest(tmp_path / "root", tmp_path / "out")
    assert done.reasons() == {"a.dcm": "ok", "a.png": "duplicate"}


def test_a_near_preview_beside_its_dicom_file_is_the_copy(copied, tmp_path):
    (copied / "dull.jpg").unlink()
    done = ingest(copied, tmp_path / "out")
    assert done.reasons() == {"whole": "ok", "half.png": "near_copy"}


def test_a_group_with_two_people_in_it_is_refused_whole(copied, tmp_path):
    owners = {"whole": "A", "dull.jpg": "A", "half.png": "B"}
    done = run(copied, tmp_path, owners)
    assert set(done.reasons().values()) == {"near_copy_two_patients"}

"""The findings of a patient: those that some accepted image of theirs shows."""

import numpy as np
import pytest

from tests.ingest.chain import ingest
from tests.ingest.synthetic import chest, dataset, png_bytes, write

LABELS = {
    "table": "labels.csv",
    "image": "file",
    "patient": "pid",
    "findings": {"effusion": "Effusion", "nodule": "Nodule"},
}
HEAD = "file,pid,Effusion,Nodule\n"
ROWS = ["im0,A,1,0\n", "im1,A,1,1\n", "im2,B,-1,0\n", "im3,C,,1\n", "im4,D,0,0\n"]


@pytest.fixture
def root(tmp_path):
    for seed in range(5):
        picture = chest(seed, bits=8).astype(np.uint8)
        write(tmp_path / f"root/im{seed}.png", png_bytes(picture))
    return tmp_path / "root"


def strata(root, text, labels=LABELS):
    """Return whose findings there are: (path of the patient's first image, finding)."""
    table = root.parent / "labels.csv"
    table.write_text(text)
    given = {"table": table, "labels": labels} if labels else {}
    done = ingest(root, root.parent / "out", **given)
    first = done.images.sort_values("path").groupby("patient_id")["path"].first()
    assert done.strata.equals(done.strata.sort_values(["patient_id", "finding"]))
    whose = done.strata["patient_id"].map(first)
    return set(zip(whose, done.strata["finding"], strict=True))


def test_only_what_is_surely_present_counts_and_once_for_each_patient(root):
    assert strata(root, HEAD + "".join(ROWS)) == {
        ("im0.png", "effusion"),
        ("im0.png", "nodule"),
        ("im3.png", "nodule"),
    }


def test_an_image_that_is_not_accepted_tells_nothing(root):
    (root / "im1.png").write_bytes(b"no picture")
    write(root / "side.dcm", dataset(chest(9), ViewPosition="LL"))
    said = strata(root, HEAD + "".join(ROWS) + "side.dcm,D,1,1\n")
    assert said == {("im0.png", "effusion"), ("im3.png", "nodule")}


def test_an_archive_without_labels_has_none(root):
    assert strata(root, HEAD, labels=None) == set()

"""MIMIC-CXR in DICOM: its record list, and the JPG release's tables where they are."""

from functools import partial

import numpy as np
import pytest

from tests.ingest.chain import ingest
from tests.ingest.publishers import source_of
from tests.ingest.synthetic import chest, dataset, png_bytes, write
from tests.ingest.test_adapter_mimic_cxr_jpg import (
    IDS,
    STUDIES,
    SUBJECTS,
    path,
    put_tables,
)
from workflow_scripts.ingest.datasets import FACTS, mimic_cxr_dicom, mimic_cxr_jpg

asked = partial(source_of, adapter="mimic_cxr_dicom")


def make(root, *, labelled=True):
    """Headers lack the Patient ID of picture 2, and the view of picture 3."""
    views = ["PA", "LATERAL", "AP", None]
    rows = "subject_id,study_id,dicom_id,path\n"
    for row, view in enumerate(views):
        subject = None if row == 2 else str(SUBJECTS[row])
        ds = dataset(chest(row), PatientID=subject, ViewPosition=view)
        write(root / path(row, ".dcm"), ds)
        rows += f"{SUBJECTS[row]},{STUDIES[row]},{IDS[row]},{path(row, '.dcm')}\n"
    write(root / "cxr-record-list.csv", rows.encode())
    if labelled:
        put_tables(root)
    return root


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mimic")
    root = make(folder / "root")
    picture = chest(9, bits=8).astype(np.uint8)
    write(root / path(0), png_bytes(picture, "jpeg"))  # of the JPG release
    return ingest(root, folder / "out", adapter="mimic_cxr_dicom")


def test_pictures_are_named_by_their_dicom_id(done):
    assert set(done.images["image_id"]) == {IDS[0], IDS[2], IDS[3]}
    assert done.reasons()[path(1, ".dcm")] == "lateral"


def test_a_jpeg_file_of_the_other_release_is_not_taken_for_it(done):
    assert done.reasons()[path(0)] == "patient_id_missing"
    assert done.reasons()[path(0, ".dcm")] == "ok"


def test_header_and_table_name_one_person_alike(done):
    first, second = done.image(path(0, ".dcm")), done.image(path(2, ".dcm"))
    assert first["patient_id"] == second["patient_id"]
    assert done.image(path(3, ".dcm"))["patient_id"] != first["patient_id"]


def test_the_jpg_release_tells_a_view_that_the_header_lacks(done):
    assert done.image(path(3, ".dcm"))["view_position"] == "AP"
    assert done.image(path(2, ".dcm"))["view_position"] == "AP"


def test_labels_and_splits_of_the_jpg_release_are_used(done):
    assert done.label(path(0, ".dcm"), "cardiomegaly") == 1
    assert done.label(path(0, ".dcm"), "atelectasis") == -1
    assert done.image(path(2, ".dcm"))["official_split"] == "validation"


def test_without_labels_nothing_is_said(tmp_path, caplog):
    root = make(tmp_path, labelled=False)
    known = FACTS.check(mimic_cxr_dicom.facts(asked(root)).frame)
    assert known["patient"].tolist() == [str(subject) for subject in SUBJECTS]
    assert known["official_split"].isna().all()
    assert mimic_cxr_dicom.said(asked(root)).empty
    assert "no finding is known" in caplog.text


def test_both_releases_mean_the_same_words_and_people():
    assert mimic_cxr_dicom.WORDS == mimic_cxr_jpg.WORDS
    assert mimic_cxr_dicom.SITE == mimic_cxr_jpg.SITE
    shared = mimic_cxr_jpg.TABLES | mimic_cxr_jpg.OPTIONAL
    assert shared == mimic_cxr_dicom.OPTIONAL

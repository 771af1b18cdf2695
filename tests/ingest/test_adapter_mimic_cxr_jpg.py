"""MIMIC-CXR-JPG: labels of studies, by three labelers, in tables of two versions."""

import gzip
from functools import partial

import numpy as np
import pytest

from tests.ingest.chain import ingest
from tests.ingest.publishers import source_of
from tests.ingest.synthetic import chest, png_bytes, write
from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.datasets import FACTS, SAID, mimic_cxr_jpg

IDS = [f"{n:08x}-0badcafe-0badcafe-0badcafe-0badcafe" for n in range(1, 5)]
STUDIES = [50000001, 50000001, 50000002, 50000003]
SUBJECTS = [10000001, 10000001, 10000001, 10000002]
VIEWS = ["PA", "LATERAL", "", "AP"]
SPLITS = ["train", "train", "validate", "test"]
METADATA = (
    "dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,"
    "Columns,StudyDate,StudyTime,ProcedureCodeSequence_CodeMeaning,"
    "ViewCodeSequence_CodeMeaning,PatientOrientationCodeSequence_CodeMeaning\n"
)
FINDINGS = (
    "Atelectasis,Cardiomegaly,Consolidation,Edema,Enlarged Cardiomediastinum,Fracture,"
    "Lung Lesion,Lung Opacity,No Finding,Pleural Effusion,Pleural Other,Pneumonia,"
    "Pneumothorax,Support Devices"
)
CHEXPERT = f"""subject_id,study_id,{FINDINGS}
10000001,50000001,-1.0,1.0,,0.0,,,,,,,,,,1.0
10000001,50000002,,,,,,,,,1.0,,,,,
"""
NEGBIO = CHEXPERT.replace("-1.0", "1.0")
READ = (
    f"study_id,{FINDINGS.replace('Lung Opacity', 'Airspace Opacity')}\n"
    "50000003,,,,,,,,1.0,,0.0,,,,\n"
)
asked = partial(source_of, adapter="mimic_cxr_jpg")


def path(row, suffix=".jpg"):
    folder = f"files/p{SUBJECTS[row]}"[:9] + f"/p{SUBJECTS[row]}"
    return f"{folder}/s{STUDIES[row]}/{IDS[row]}{suffix}"


def tables():
    rows = list(zip(IDS, SUBJECTS, STUDIES, VIEWS, SPLITS, strict=True))
    metadata = METADATA + "".join(
        f'{d},{p},{s},"CHEST (PA, LAT)",{v},60,48,21800506,213014.531,,,Erect\n'
        for d, p, s, v, _ in rows
    )
    split = "dicom_id,study_id,subject_id,split\n" + "".join(
        f"{d},{s},{p},{part}\n" for d, p, s, _, part in rows
    )
    return {
        "mimic-cxr-2.0.0-metadata.csv": metadata,
        "mimic-cxr-2.0.0-split.csv": split,
        "mimic-cxr-2.0.0-chexpert.csv": CHEXPERT,
        "mimic-cxr-2.0.0-negbio.csv": NEGBIO,
        "mimic-cxr-2.1.0-test-set-labeled.csv": READ,
    }


def put_tables(folder, *, packed=True):
    for name, text in tables().items():
        if packed and "2.0.0" in name:
            write(folder / f"{name}.gz", gzip.compress(text.encode()))
        else:
            write(folder / name, text.encode())


def make(root, *, packed=True):
    for row in range(4):
        picture = chest(row, bits=8).astype(np.uint8)
        write(root / path(row), png_bytes(picture, "jpeg", quality=95))
    put_tables(root, packed=packed)
    return root


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mimic")
    return ingest(make(folder / "root"), folder / "out", adapter="mimic_cxr_jpg")


def test_pictures_are_named_by_their_dicom_id(done):
    assert set(done.images["image_id"]) == {IDS[0], IDS[2], IDS[3]}
    assert done.reasons()[path(1)] == "lateral"


def test_labels_of_a_study_hold_for_its_pictures_by_the_columns_names(done):
    assert done.label(path(0), "atelectasis") == -1
    assert done.label(path(0), "cardiomegaly") == 1
    assert done.label(path(0), "edema") == 0
    assert done.label(path(0), "support_devices") == 1
    assert np.isnan(done.label(path(0), "pneumonia"))
    assert done.label(path(2), "no_finding") == 1
    assert set(done.labels["source"]) == {"mimic-cxr-2.0.0-chexpert.csv.gz"}


def test_of_a_study_without_labels_all_is_unknown(done):
    values = done.labels.set_index("path").loc[path(3), "value"]
    assert len(values) == 14
    assert values.isna().all()


def test_validate_is_validation(done):
    split = [done.image(path(row))["official_split"] for row in (0, 2, 3)]
    assert split == ["train", "validation", "test"]


def test_a_blank_view_stays_unknown(done):
    assert not isinstance(done.image(path(2))["view_position"], str)
    assert done.image(path(3))["view_position"] == "AP"


def test_patient_and_study_are_the_table_s(done):
    first, second = done.image(path(0)), done.image(path(2))
    assert first["patient_id"] == second["patient_id"]
    assert first["study_id"] != second["study_id"]
    assert done.image(path(3))["patient_id"] != first["patient_id"]


def values(root, **options):
    said = SAID.check(mimic_cxr_jpg.said(asked(root, **options)))
    return said.set_index(["file_id", "finding"])["value"]


def test_the_labeler_is_chosen(tmp_path):
    root = make(tmp_path)
    assert values(root)[path(0), "atelectasis"] == -1
    assert values(root, labeler="negbio")[path(0), "atelectasis"] == 1
    read = values(root, labeler="radiologist")
    assert read[path(3), "lung_opacity"] == 1
    assert np.isnan(read[path(0), "cardiomegaly"])
    with pytest.raises(InputError, match="labeler"):
        values(root, labeler="Canary")


def test_no_finding_denies_what_is_blank_where_asked(tmp_path):
    said = values(make(tmp_path), no_finding_denies=True)
    assert said[path(2), "edema"] == 0
    assert np.isnan(said[path(2), "support_devices"])
    assert np.isnan(said[path(0), "pneumonia"])
    assert said[path(0), "atelectasis"] == -1


def test_unpacked_tables_below_the_parent_are_read(tmp_path):
    make(tmp_path / "mimic-cxr-jpg-2.1.0", packed=False)
    known = FACTS.check(mimic_cxr_jpg.facts(asked(tmp_path)).frame)
    assert known["official_split"].tolist() == ["train", "train", "validation", "test"]


def test_two_rows_of_one_study_are_an_error(tmp_path):
    root = make(tmp_path, packed=False)
    table = root / "mimic-cxr-2.0.0-chexpert.csv"
    table.write_text(CHEXPERT + CHEXPERT.splitlines()[1] + "\n")
    with pytest.raises(InputError, match="1 rows describe a study"):
        values(root)

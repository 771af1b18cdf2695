"""BRAX: its spreadsheet, over DICOM files, PNG files, or both."""

from functools import partial

import numpy as np
import pytest

from tests.ingest.chain import ingest
from tests.ingest.publishers import source_of
from tests.ingest.synthetic import chest, dataset, png_bytes, write
from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.datasets import FACTS, SAID, brax

FINDINGS = (
    "No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Lesion,Lung Opacity,Edema,"
    "Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,"
    "Fracture,Support Devices"
)
HEADER = (
    ",DicomPath,PngPath,PatientID,PatientSex,PatientAge,AccessionNumber,StudyDate,"
    f"{FINDINGS},ViewPosition,Rows,Columns,Manufacturer\n"
)
ROWS = [  # patient, study, image, sex, age, findings, view
    ("id_a", "Study_1.1", "image-11-1", "M", "45", "1,,,,,,,,,,,,,1", "PA"),
    ("id_a", "Study_1.2", "image-12-1", "M", "85 or more", ",,-1,,,0,,,,,,,1.0,", "AP"),
    ("id_b", "Study_2.1", "image-21-1", "F", "15 - 19", "," * 13, "L"),
    ("id_c", "Study_3.1", "image-31-1", "O", "", "," * 13, ""),
]
asked = partial(source_of, adapter="brax")


def tail(row):
    patient, study, image, *_ = ROWS[row]
    return f"{patient}/{study}/Series_9.9/{image}"


def dcm(row):
    return f"Anonymized_DICOMs/{tail(row)}.dcm"


def png(row):
    return f"images/{tail(row)}.png"


def put_table(root, top="physionet.org/files/brax/1.1.0/"):
    text = HEADER
    for row, (patient, _, _, sex, age, found, view) in enumerate(ROWS):
        text += f"{row},{top}{dcm(row)},{top}{png(row)},{patient},{sex},{age},7{row},"
        text += f"20100101,{found},{view},60,48,3\n"
    write(root / "master_spreadsheet_update.csv", text.encode())
    return root


def put_pngs(root, rows=range(4)):
    for row in rows:
        picture = chest(row + 10, bits=8).astype(np.uint8)
        write(root / png(row), png_bytes(picture))
    return root


def put_dicoms(root, rows=range(4), name=dcm):
    for row in rows:  # an id of the header would part one person
        tags = {"PatientID": f"random{row}", "PatientSex": "", "PatientAge": ""}
        ds = dataset(chest(row), ViewPosition=None, **tags)
        write(root / name(row), ds)
    return root


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("brax")
    root = put_pngs(put_dicoms(put_table(folder / "root"), [0, 2, 3]), [0, 1])
    return ingest(root, folder / "out", adapter="brax")


def test_of_a_picture_s_two_files_the_dicom_file_counts(done):
    assert done.reasons()[dcm(0)] == "ok"
    assert done.reasons()[png(0)] == "patient_id_missing"
    assert done.reasons()[png(1)] == "ok"


def test_pictures_are_named_by_their_file(done):
    assert {done.image(dcm(0))["image_id"], done.image(png(1))["image_id"]} == {
        "image-11-1",
        "image-12-1",
    }


def test_patients_are_the_table_s_across_dicom_and_png(done):
    assert done.image(dcm(0))["patient_id"] == done.image(png(1))["patient_id"]


def test_findings_go_by_their_names_and_blanks_are_unknown(done):
    assert (
        done.label(dcm(0), "no_finding") == done.label(dcm(0), "support_devices") == 1
    )
    assert done.label(png(1), "cardiomegaly") == -1
    assert done.label(png(1), "edema") == 0
    assert done.label(png(1), "fracture") == 1
    assert np.isnan(done.label(dcm(0), "edema"))


def test_a_lateral_written_l_is_refused(done):
    assert done.reasons()[dcm(2)] == "lateral"


def test_ages_are_the_lower_end_of_their_group(done):
    assert done.image(dcm(0))["age_years"] == 45
    assert done.image(png(1))["age_years"] == 85
    known = brax.facts(asked(done.out.parent / "root")).frame.set_index("file_id")
    assert known.loc[dcm(2), "age_years"] == 15
    assert np.isnan(known.loc[dcm(3), "age_years"])
    assert known.loc[dcm(2), "sex"] == "F"


def test_pngs_alone_and_files_without_suffix_are_found(tmp_path):
    root = put_pngs(put_table(tmp_path / "png", "brax/"))
    assert len(FACTS.check(brax.facts(asked(root)).frame)) == 4
    bare = put_dicoms(
        put_table(tmp_path / "bare/1.1.0", ""), name=lambda row: dcm(row)[:-4]
    )
    known = FACTS.check(brax.facts(asked(bare.parent)).frame)
    assert len(known) == 4
    assert known["study"].tolist() == [row[1] for row in ROWS]


def test_no_finding_denies_what_is_blank_but_devices_where_asked(tmp_path):
    root = put_pngs(put_table(tmp_path))
    said = SAID.check(brax.said(asked(root, no_finding_denies=True)))
    said = said.set_index(["file_id", "finding"])["value"]
    assert said[png(0), "edema"] == 0
    assert said[png(0), "support_devices"] == 1
    assert np.isnan(said[png(1), "pneumonia"])


def test_an_image_s_name_that_stands_twice_is_not_used(tmp_path):
    root = put_pngs(put_table(tmp_path))
    table = root / "master_spreadsheet_update.csv"
    text = table.read_text().replace("image-12-1", "image-11-1")
    table.write_text(text)
    (root / png(1)).rename(root / png(1).replace("image-12-1", "image-11-1"))
    known = FACTS.check(brax.facts(asked(root)).frame)
    assert known["image_name"].isna().sum() == 2
    assert len(known) == 4


def test_an_odd_cell_is_an_error_that_quotes_it_not(tmp_path):
    root = put_pngs(put_table(tmp_path))
    table = root / "master_spreadsheet_update.csv"
    table.write_text(table.read_text().replace(",-1,", ",Canary,"))
    with pytest.raises(InputError, match="1 rows are none of") as error:
        brax.said(asked(root))
    assert "Canary" not in str(error.value)

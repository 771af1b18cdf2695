"""The COVID-19 image collection: CT among radiographs, and findings that are paths."""

import csv
import io
import math

import numpy as np
import pandas as pd
import pytest

from tests.ingest.chain import ingest
from tests.ingest.synthetic import SHAPE, chest, png_bytes, write
from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.datasets import Source, covid_chestxray, covidx

HEAD = (
    "patientid,offset,sex,age,finding,RT_PCR_positive,survival,intubated,"
    "intubation_present,went_icu,in_icu,needed_supplemental_O2,extubated,temperature,"
    "pO2_saturation,leukocyte_count,neutrophil_count,lymphocyte_count,view,modality,"
    "date,location,folder,filename,doi,url,license,clinical_notes,other_notes,"
)
COVID = "Pneumonia/Viral/COVID-19"


def row(name, finding=COVID, *, who="2", sex="M", age="65", **more):
    known = {"patientid": who, "sex": sex, "age": age, "finding": finding}
    known |= {"view": "PA", "modality": "X-ray", "folder": "images", "filename": name}
    known |= {"clinical_notes": 'Fever, "cough"\nand more', **more}
    return [known.get(column, "") for column in HEAD.split(",")]


def table(*rows):
    text = io.StringIO()
    text.write(HEAD + "\n")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


ROWS = [
    row("a.jpeg"),
    row("a.jpeg"),
    row("b.png", "Pneumonia", who="5", sex="", age="", view="AP Supine"),
    row("c.jpg", view="L"),
    row("ct.png", view="Axial", modality="CT"),
    row("volume.nii.gz", view="Axial", modality="CT", folder="volumes"),
    row("d.jpg", "todo", who="62"),
    row("e.jpg", "No Finding", who="62", sex="F"),
]


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    root = tmp_path_factory.mktemp("covid") / "covid-chestxray-dataset"
    for seed, name in enumerate(
        ["a.jpeg", "b.png", "c.jpg", "ct.png", "d.jpg", "e.jpg"]
    ):
        kind = "png" if name.endswith("png") else "jpeg"
        picture = chest(seed, bits=8).astype(np.uint8)
        write(root / "images" / name, png_bytes(picture, kind))
    write(root / "volumes/volume.nii.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + bytes(99))
    mask = np.zeros(SHAPE, np.uint8)
    write(root / "annotations/lungVAE-masks/a_mask.png", png_bytes(mask))
    write(root / "metadata.csv", table(*ROWS))
    out = tmp_path_factory.mktemp("out")
    return ingest(root.parent, out, adapter="covid_chestxray")


def at(name, folder="images"):
    return f"covid-chestxray-dataset/{folder}/{name}"


def test_radiographs_of_any_posture_are_kept_and_laterals_are_told(done):
    assert done.image(at("a.jpeg"))["view_position"] == "PA"
    assert done.image(at("b.png"))["view_position"] == "AP"
    assert done.reasons()[at("c.jpg")] == "lateral"


def test_ct_and_volumes_and_masks_are_not_accepted(done):
    assert done.statuses()[at("ct.png")] != "accepted"
    assert done.statuses()[at("volume.nii.gz", "volumes")] != "accepted"
    assert done.reasons()[at("a_mask.png", "annotations/lungVAE-masks")] == "lung_mask"


def test_a_path_tells_its_own_branch_and_denies_the_others(done):
    assert done.label(at("a.jpeg"), "covid_19") == 1
    assert done.label(at("a.jpeg"), "viral_pneumonia") == 1
    assert done.label(at("a.jpeg"), "pneumonia") == 1
    assert done.label(at("a.jpeg"), "bacterial_pneumonia") == 0
    assert done.label(at("a.jpeg"), "no_finding") == 0
    assert done.label(at("e.jpg"), "covid_19") == 0


def test_what_a_path_leaves_open_is_unknown(done):
    assert done.label(at("b.png"), "pneumonia") == 1
    assert math.isnan(done.label(at("b.png"), "covid_19"))
    assert math.isnan(done.label(at("b.png"), "bacterial_pneumonia"))
    assert done.label(at("b.png"), "tuberculosis") == 0


def test_todo_is_unknown(done):
    assert done.labels.set_index("path").loc[at("d.jpg"), "value"].isna().all()


def test_one_number_is_one_patient_even_for_two_people(done):
    who = done.images.set_index("path")["patient_id"]
    assert who[at("d.jpg")] == who[at("e.jpg")] != who[at("a.jpeg")]
    assert done.image(at("d.jpg"))["sex"] == "M"
    assert done.image(at("e.jpg"))["sex"] == "F"


def asked(tmp_path, *rows):
    path = tmp_path / "metadata.csv"
    path.write_bytes(table(*rows))
    names = [one[HEAD.split(",").index("filename")] for one in rows]
    paths = [f"images/{name}" for name in dict.fromkeys(names)]
    files = pd.DataFrame({"file_id": paths, "path": paths})
    return Source(files=files, tables=[path], hashed_uid=str)


def test_numbers_of_both_sexes_and_strange_findings_are_counted(tmp_path, caplog):
    rows = [row("a.jpg", "ARDS"), row("b.jpg", sex="F"), row("c.jpg", "Unknown")]
    source = asked(tmp_path, *rows)
    covid_chestxray.facts(source)
    found = covid_chestxray.said(source).set_index("file_id")["value"]
    assert found["images/a.jpg"].isna().all()
    assert "1 patient ids" in caplog.text
    assert "1 rows have a finding" in caplog.text
    assert "ARDS" not in caplog.text


def test_rows_that_contradict_each_other_are_left_out(tmp_path, caplog):
    source = asked(tmp_path, row("a.jpg"), row("a.jpg", "todo"), row("b.jpg"))
    frame = covid_chestxray.facts(source).frame
    assert frame["file_id"].tolist() == ["images/b.jpg"]


def test_covidx_calls_the_same_patient_by_the_same_name(tmp_path):
    frame = covid_chestxray.facts(asked(tmp_path, row("a.jpg", who="360b"))).frame
    line = covidx._line("360b a.jpg positive cohen")
    assert frame["patient"].tolist() == [line["patient"]]
    assert covid_chestxray.SITE == covidx.SITE


def test_a_table_without_a_column_is_refused(tmp_path):
    source = asked(tmp_path, row("a.jpg"))
    path = source.tables[0]
    path.write_text(path.read_text().replace("modality", "kind"))
    with pytest.raises(InputError, match="modality"):
        covid_chestxray.facts(source)

"""A user's folder: the label table says what it says, and no more."""

import math

import numpy as np
import pytest

from tests.ingest.chain import ingest
from tests.ingest.synthetic import chest, dataset, png_bytes, write


@pytest.fixture
def root(tmp_path):
    for seed in range(4):
        picture = chest(seed, bits=8).astype(np.uint8)
        write(tmp_path / f"root/day{seed % 2}/im{seed}.png", png_bytes(picture))
    write(tmp_path / "root/x.dcm", dataset(chest(9), SOPInstanceUID="1.2.3.4"))
    return tmp_path / "root"


@pytest.fixture
def read(root, tmp_path):
    def read(text, *, findings=None, **columns):
        table = tmp_path / "labels.csv"
        table.write_text(text, encoding="utf-8-sig")
        findings = findings or {"effusion": "Effusion"}
        labels = {"table": "labels.csv", "image": "file", "findings": findings}
        return ingest(root, tmp_path / "out", table=table, labels=labels | columns)

    return read


HEAD = "file,pid,Effusion\n"
WHOLE = "day0/im0.png,A,1\nday1/im1,A,0.0\nim2.png,B,-1\nim3,C,\n1.2.3.4,D,1.0\n"


def test_rows_find_their_files_by_any_of_five_names(read):
    done = read(HEAD + WHOLE, patient="pid")
    assert done.label("day0/im0.png", "effusion") == 1
    assert done.label("day1/im1.png", "effusion") == 0
    assert done.label("day0/im2.png", "effusion") == -1
    assert math.isnan(done.label("day1/im3.png", "effusion"))
    assert done.label("x.dcm", "effusion") == 1
    assert set(done.labels["source"]) == {"labels.csv"}


def test_patients_come_from_the_table_where_there_is_no_header(read):
    done = read(HEAD + WHOLE + "x,P0042,1\n".replace("x", "nowhere"), patient="pid")
    who = done.images.set_index("path")["patient_id"]
    assert who["day0/im0.png"] == who["day1/im1.png"] != who["day0/im2.png"]
    assert who["x.dcm"] not in set(who.drop("x.dcm"))


def test_header_and_table_name_one_person_alike(read):
    done = read(HEAD + "im0,P0042,1\nx.dcm,other,1\n", patient="pid")
    who = done.images.set_index("path")["patient_id"]
    assert who["day0/im0.png"] == who["x.dcm"]


def test_words_are_present_absent_or_unknown(read):
    how = {"column": "Report", "present": ["Bacteria", "virus"], "absent": ["normal"]}
    text = "file,Report\nim0,bacteria\nim1,NORMAL\nim2,fungus\nim3,\nx,Virus\n"
    done = read(text.replace("file,", "file,"), findings={"pneumonia": how})
    assert done.label("x.dcm", "pneumonia") == 1
    text = "file,pid,Report\nim0,A,bacteria\nim1,B,NORMAL\nim2,C,fungus\nim3,D,\n"
    done = read(text, findings={"pneumonia": how}, patient="pid")
    found = done.labels.set_index("path")["value"].to_dict()
    assert found["day0/im0.png"] == 1
    assert found["day1/im1.png"] == 0
    assert math.isnan(found["day0/im2.png"])
    assert math.isnan(found["day1/im3.png"])


def test_the_official_split_is_kept(read):
    text = "file,pid,Effusion,Set\nim0,A,1,Train\nim1,B,1,VAL\nim2,C,1,test\nim3,D,1,\n"
    done = read(text, patient="pid", split="Set")
    splits = done.images.set_index("path")["official_split"].fillna("").to_dict()
    assert splits["day0/im0.png"] == "train"
    assert splits["day1/im1.png"] == "validation"
    assert splits["day0/im2.png"] == "test"
    assert splits["day1/im3.png"] == ""


def test_view_sex_and_age_come_into_our_words(read):
    text = "file,pid,Effusion,v,s,a\nim0,A,1,pa,female,95\nim1,B,1,oblique,x,old\n"
    text += "im2,C,1,LATERAL,M,3\n"
    done = read(text, patient="pid", view="v", sex="s", age="a")
    first, second = done.image("day0/im0.png"), done.image("day1/im1.png")
    assert (first["view_position"], first["sex"], first["age_years"]) == ("PA", "F", 90)
    assert second[["view_position", "sex", "age_years"]].isna().all()
    assert done.reasons()["day0/im2.png"] == "lateral"


@pytest.mark.parametrize(
    ("text", "columns", "says"),
    [
        (HEAD + "im0,A,Canary\nim1,A,2\n", {}, "2 rows are none of"),
        (HEAD + "im0,A,1\n", {"patient": "Patient"}, "has no column 'Patient'"),
        (HEAD + "im0,A,1\n", {"split": "pid"}, "validation"),
        (HEAD + "Canary,A,1\n", {}, "no row matches"),
        (HEAD + "im0,A,1\nim0.png,A,0\n", {}, "describe a file of another row"),
        ("file,Effusion,Effusion\nim0,1,1\n", {}, "twice"),
        (HEAD + "im0,A\n", {}, "longer or shorter"),
        (HEAD, {}, "no row"),
    ],
)
def test_a_faulty_table_is_an_error_that_quotes_no_cell(
    read, capfd, text, columns, says
):
    with pytest.raises(SystemExit):
        read(text, **columns)
    logged = capfd.readouterr().err
    assert says in logged
    assert "labels.csv" in logged
    assert "Canary" not in logged


def test_rows_and_files_that_do_not_match_are_counted(read, capfd):
    read(HEAD + "im0,A,1\nnone,A,1\nnor_this,A,1\nim1,B,1\n", patient="pid")
    logged = capfd.readouterr().err
    assert "2 rows match no file" in logged
    assert "1 accepted images have no row" in logged


def test_a_name_of_two_files_is_matched_to_neither(root, read, capfd):
    copy = chest(7, bits=8).astype(np.uint8)
    write(root / "day1/im0.png", png_bytes(copy))
    done = read(HEAD + "im0,A,1\nim1,A,1\n", patient="pid")
    logged = capfd.readouterr().err
    assert "1 rows name several files" in logged
    assert done.reasons()["day1/im0.png"] == "patient_id_missing"


def test_of_two_copies_the_labelled_one_is_kept(root, read):
    write(root / "y.dcm", dataset(chest(9)))
    for name in ("x.dcm", "y.dcm"):
        done = read(HEAD + f"{name},A,1\n")
        assert done.reasons()[name] == "ok"
        assert sorted(done.reasons().values()).count("duplicate") == 1


def test_a_patient_for_every_image_is_told(read, capfd):
    read(HEAD + "im0,A,1\nim1,B,1\nim2,C,1\nim3,D,1\n", patient="pid")
    logged = capfd.readouterr().err
    assert "a patient of its own" in logged

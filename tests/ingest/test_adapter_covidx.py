"""COVIDx: lists without header, classes of two versions, patients of many sources."""

import math

import numpy as np
import pandas as pd
import pytest

from tests.ingest.chain import ingest
from tests.ingest.synthetic import chest, png_bytes, write
from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.datasets import Source, covidx

RSNA = "47c78742-4998-4878-aec4-37b11b1354ac"
RICORD = "MIDRC-RICORD-1C-419639-000025-50888-0.png"
TRAIN = f"""5 ARDSSevere.png negative cohen
5 COVID 00005.png positive fig1
{RSNA} {RSNA}.png negative rsna
5 ARDSSevere.png negative cohen
nan unnamed.png positive sirm
"""
VAL = "419639-000025 a.png positive ricord\n"
TEST = f"419639-000025 {RICORD} positive ricord\n7 ARDSSevere.png negative cohen\n"


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    root = tmp_path_factory.mktemp("covidx") / "covidx-cxr4"
    paths = ["train/ARDSSevere.png", "train/COVID 00005.png", f"train/{RSNA}.png"]
    paths += ["train/unnamed.png", "val/a.png", f"test/{RICORD}", "test/ARDSSevere.png"]
    for seed, path in enumerate([*paths, "train/unlisted.png"]):
        write(root / path, png_bytes(chest(seed, bits=8).astype(np.uint8)))
    for name, text in {"train": TRAIN, "val": VAL, "test": TEST}.items():
        write(root / f"{name}.txt", text.encode())
    return ingest(root.parent, tmp_path_factory.mktemp("out"), adapter="covidx")


def at(path):
    return f"covidx-cxr4/{path}"


def test_the_first_line_is_no_header(done):
    assert done.label(at("train/ARDSSevere.png"), "covid_19") == 0
    assert done.image(at("train/ARDSSevere.png"))["official_split"] == "train"


def test_val_is_validation(done):
    assert done.image(at("val/a.png"))["official_split"] == "validation"
    assert done.image(at(f"test/{RICORD}"))["official_split"] == "test"


def test_a_name_counts_in_the_folder_of_its_list_only(done):
    images = done.images.set_index("path")
    first, second = (
        images.loc[at("train/ARDSSevere.png")],
        images.loc[at("test/ARDSSevere.png")],
    )
    assert first["image_id"] == "train/ARDSSevere.png"
    assert second["image_id"] == "test/ARDSSevere.png"
    assert first["patient_id"] != second["patient_id"]


def test_numbers_of_two_sources_are_two_patients(done):
    who = done.images.set_index("path")["patient_id"]
    assert who[at("train/ARDSSevere.png")] != who[at("train/COVID 00005.png")]
    assert who[at("val/a.png")] == who[at(f"test/{RICORD}")]


def test_a_name_may_hold_a_space(done):
    assert done.label(at("train/COVID 00005.png"), "covid_19") == 1


def test_a_patient_called_nan_is_nobody(done):
    assert done.reasons()[at("train/unnamed.png")] == "patient_id_placeholder"
    assert done.reasons()[at("train/unlisted.png")] == "patient_id_missing"


def test_negative_says_nothing_of_other_findings(done):
    assert set(done.labels["finding"]) == {"covid_19"}
    assert set(done.labels["source"]) == {"train.txt", "val.txt", "test.txt"}


def asked(tmp_path, text, paths):
    table = tmp_path / "train_COVIDx9A.txt"
    table.write_text(text)
    files = pd.DataFrame({"file_id": [f"id{path}" for path in paths], "path": paths})
    return Source(files=files, tables=[table], hashed_uid=str)


def test_version_a_tells_pneumonia_of_other_cause(tmp_path):
    text = "1 a.png normal rsna\n2 b.png pneumonia rsna\n3 c.png COVID-19 ricord\n"
    source = asked(tmp_path, text, ["train/a.png", "train/b.png", "train/c.png"])
    found = covidx.said(source).pivot_table("value", "file_id", "finding")
    names = ["covid_19", "no_finding", "pneumonia"]
    assert found.loc["idtrain/a.png", names].tolist() == [0, 1, 0]
    assert found.loc["idtrain/b.png", names].tolist() == [0, 0, 1]
    assert found.loc["idtrain/c.png", "covid_19"] == 1
    assert math.isnan(found.loc["idtrain/c.png", "pneumonia"])
    assert math.isnan(found.loc["idtrain/c.png", "no_finding"])


def test_old_lists_lack_the_source(tmp_path):
    source = asked(tmp_path, "101 a.png pneumonia\n", ["train/a.png"])
    assert covidx.facts(source).frame["patient"].tolist() == ["101"]


def test_lines_that_contradict_each_other_are_left_out(tmp_path, caplog):
    text = "1 a.png negative rsna\n1 a.png positive rsna\n2 b.png positive rsna\n"
    source = asked(tmp_path, text, ["train/a.png", "train/b.png"])
    assert covidx.facts(source).frame["file_id"].tolist() == ["idtrain/b.png"]
    assert "contradict" in caplog.text


def test_an_unknown_class_is_counted_not_quoted(tmp_path, caplog):
    text = "1 a.png maybe rsna\n2 b.png positive rsna\n"
    source = asked(tmp_path, text, ["train/a.png", "train/b.png"])
    assert covidx.said(source)["file_id"].tolist() == ["idtrain/b.png"]
    assert "1 lines name a class" in caplog.text
    assert "maybe" not in caplog.text


def test_lists_of_another_folder_are_refused(tmp_path):
    with pytest.raises(InputError, match="matches any file"):
        covidx.facts(asked(tmp_path, "1 a.png negative rsna\n", ["test/a.png"]))

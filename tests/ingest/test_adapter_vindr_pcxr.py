"""VinDr-PCXR: the publisher's odd spellings come into our words."""

from functools import partial

import pytest

from tests.ingest.chain import ingest
from tests.ingest.publishers import source_of
from tests.ingest.synthetic import chest, dataset, write
from workflow_scripts.ingest.datasets import SAID, vindr_pcxr

DISEASES = (
    "No finding,Bronchitis,Brocho-pneumonia,Other disease,Bronchiolitis,"
    "Situs inversus,Pneumonia,Pleuro-pneumonia,Diagphramatic hernia,Tuberculosis,"
    "Congenital emphysema,CPAM,Hyaline membrane disease,Mediastinal tumor,Lung tumor"
)
WORDS = DISEASES.split(",")
A, B, C = (f"{seed:032x}" for seed in range(0xB0, 0xB3))
asked = partial(source_of, adapter="vindr_pcxr")


def row(image, reader, *marked):
    flags = ["1.0" if word in marked else "0.0" for word in WORDS]
    return ",".join([image, *reader, *flags])


def make(root):
    for seed, name in enumerate((f"train/{A}", f"train/{B}", f"test/{C}")):
        tags = {"PatientID": None, "ViewPosition": None, "PatientAge": "003Y"}
        write(root / f"{name}.dicom", dataset(chest(seed), **tags))
    rows = [",".join(["image_id", "rad_ID", *WORDS])]
    rows += [row(A, ["R1"], "Brocho-pneumonia", "Diagphramatic hernia")]
    rows += [row(B, ["R2"], "No finding")]
    write(root / "image_labels_train.csv", "\n".join(rows).encode())
    rows = [",".join(["image_id", *WORDS]), row(C, [], "Other disease")]
    write(root / "image_labels_test.csv", "\n".join(rows).encode())
    return root


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pcxr")
    return ingest(make(folder / "root"), folder / "out", adapter="vindr_pcxr")


def test_the_odd_spellings_are_understood(done):
    path = f"train/{A}.dicom"
    assert done.label(path, "bronchopneumonia") == 1
    assert done.label(path, "diaphragmatic_hernia") == 1
    assert done.label(path, "pneumonia") == 0
    assert done.label(f"test/{C}.dicom", "other_disease") == 1


def test_one_reader_is_no_vote(done):
    sources = {"image_labels_train.csv", "image_labels_test.csv"}
    assert set(done.labels["source"]) == sources
    assert len(done.labels) == 3 * len(WORDS)


def test_names_and_splits_are_the_publishers(done):
    image = done.image(f"train/{B}.dicom")
    assert (image["image_id"], image["official_split"]) == (B, "train")
    assert done.image(f"test/{C}.dicom")["official_split"] == "test"


def test_each_child_counts_as_a_patient_and_all_are_pa(done):
    assert done.images["patient_id"].tolist() == done.images["image_id"].tolist()
    assert set(done.images["view_position"]) == {"PA"}


def test_children_are_taken_where_the_user_does_not_exclude_them(done):
    assert done.images["age_years"].tolist() == [3, 3, 3]


@pytest.mark.parametrize("column", ["rad_ID", "rad_id"])
def test_either_spelling_of_the_readers_column_is_no_finding(tmp_path, column, caplog):
    root = make(tmp_path / "root")
    path = root / "image_labels_train.csv"
    path.write_text(path.read_text().replace("rad_ID", column))
    said = SAID.check(vindr_pcxr.said(asked(root)))
    assert set(said["finding"]) == set(vindr_pcxr.WORDS.values())
    assert "unknown" not in caplog.text


def test_unknown_columns_are_counted_and_not_quoted(tmp_path, caplog):
    root = make(tmp_path / "root")
    path = root / "image_labels_train.csv"
    path.write_text(path.read_text().replace("CPAM", "Canary"))
    vindr_pcxr.said(asked(root))
    assert "1 columns are unknown words" in caplog.text
    assert "Canary" not in caplog.text

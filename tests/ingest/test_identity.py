"""Who a picture is of: issuers, nobody, and those who are not wanted."""

import numpy as np
import pytest

from tests.ingest.chain import ingest
from tests.ingest.synthetic import chest, dataset, png_bytes, write


def people(done):
    return done.images.set_index("path")["patient_id"]


def test_a_number_with_and_without_its_issuer_is_one_person(tmp_path):
    for seed, issuer in enumerate(["north", None, "north"]):
        tags = {"IssuerOfPatientID": issuer} if issuer else {}
        write(tmp_path / f"root/{seed}", dataset(chest(seed), PatientID="7", **tags))
    write(tmp_path / "root/other", dataset(chest(3), PatientID="8"))
    who = people(ingest(tmp_path / "root", tmp_path / "out"))
    assert who["0"] == who["1"] == who["2"] != who["other"]


def test_a_number_that_two_issuers_gave_out_is_not_guessed_at(tmp_path, capfd):
    for seed, issuer in enumerate(["north", "south", None]):
        tags = {"IssuerOfPatientID": issuer} if issuer else {}
        write(tmp_path / f"root/{seed}", dataset(chest(seed), PatientID="7", **tags))
    who = people(ingest(tmp_path / "root", tmp_path / "out"))
    assert who.nunique() == 3
    assert "several issuers" in capfd.readouterr().err


@pytest.fixture
def nameless(tmp_path):
    for seed in range(2):
        picture = chest(seed, bits=8).astype(np.uint8)
        write(tmp_path / f"root/{seed}.png", png_bytes(picture))
    write(tmp_path / "root/named", dataset(chest(3)))
    return tmp_path / "root"


def test_pictures_without_headers_and_tables_are_of_one_person_each(
    nameless, tmp_path, capfd
):
    done = ingest(nameless, tmp_path / "out")
    alone = done.images[done.images["path"] != "named"]
    assert alone["patient_id"].equals(alone["image_id"])
    assert "2 PNG and JPEG files name no patient" in capfd.readouterr().err


def test_where_a_table_names_patients_the_others_are_missing(nameless, tmp_path):
    (tmp_path / "t.csv").write_text("file,pid,E\n0.png,A,1\n1.png,,0\n")
    labels = {"table": "", "image": "file", "patient": "pid", "findings": {"e": "E"}}
    done = ingest(nameless, tmp_path / "out", table=tmp_path / "t.csv", labels=labels)
    assert done.reasons()["1.png"] == "patient_id_missing"


def test_children_are_left_out_only_where_that_is_asked_for(tmp_path):
    write(tmp_path / "root/child", dataset(chest(1), PatientAge="004Y"))
    write(tmp_path / "root/adult", dataset(chest(2), PatientAge="040Y"))
    write(tmp_path / "root/ageless", dataset(chest(3), PatientAge=None))
    done = ingest(tmp_path / "root", tmp_path / "one")
    assert set(done.reasons().values()) == {"ok"}
    done = ingest(tmp_path / "root", tmp_path / "two", exclude=("paediatric",))
    assert done.reasons() == {"child": "paediatric", "adult": "ok", "ageless": "ok"}


def test_a_number_in_a_table_meets_the_one_with_an_issuer(tmp_path):
    write(tmp_path / "root/a.dcm", dataset(chest(1), IssuerOfPatientID="mercy"))
    picture = chest(2, bits=8).astype(np.uint8)
    write(tmp_path / "root/b.png", png_bytes(picture))
    (tmp_path / "t.csv").write_text("file,pid,E\na.dcm,,1\nb.png,P0042,0\n")
    labels = {"table": "", "image": "file", "patient": "pid", "findings": {"e": "E"}}
    table = tmp_path / "t.csv"
    done = ingest(tmp_path / "root", tmp_path / "out", table=table, labels=labels)
    assert people(done).nunique() == 1

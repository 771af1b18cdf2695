"""CheXpert: its three tables, in each of the layouts that people have."""

from functools import partial

import numpy as np
import pytest

from tests.ingest.chain import ingest
from tests.ingest.publishers import source_of
from tests.ingest.synthetic import chest, png_bytes, write
from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.datasets import FACTS, SAID, chexpert

FINDINGS = (
    "No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung Lesion,Edema,"
    "Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,"
    "Fracture,Support Devices"
)
HEADER = "Path,Sex,Age,Frontal/Lateral,AP/PA," + FINDINGS
TOP = "CheXpert-v1.0-small/"
FIRST, SIDE, NEXT, ODD = (
    "train/patient00001/study1/view1_frontal.jpg",
    "train/patient00001/study1/view2_lateral.jpg",
    "train/patient00001/study2/view1_frontal.jpg",
    "train/patient00002/study1/view1_frontal.jpg",
)
VALID = "valid/patient64541/study1/view1_frontal.jpg"
TEST = "test/patient64741/study1/view1_frontal.jpg"
TRAIN = f"""{HEADER}
{TOP}{FIRST},Female,68,Frontal,AP,,,1.0,,,,-1.0,0.0,,,,,,1.0
{TOP}{SIDE},Female,68,Lateral,,,,1.0,,,,-1.0,0.0,,,,,,1.0
{TOP}{NEXT},Female,0,Frontal,PA,1.0,,,,,,,,,0.0,,,,
{TOP}{ODD},Unknown,90,Frontal,LL,,,,,,,,,,,,,,
"""
VALIDATION = f"{HEADER}\n{TOP}{VALID},Male,73,Frontal,PA,0.0" + ",0.0" * 12 + ",1.0\n"
TESTED = f"Path,{FINDINGS}\n{TEST},0.0" + ",1.0" * 13 + "\n"
asked = partial(source_of, adapter="chexpert")


def make(root, top="", rename=lambda path: path):
    for seed, path in enumerate((FIRST, SIDE, NEXT, ODD, VALID, TEST)):
        picture = chest(seed, bits=8).astype(np.uint8)
        write(root / top / rename(path), png_bytes(picture, "jpeg", quality=95))
    write(root / top / "train.csv", TRAIN.encode())
    write(root / top / "valid.csv", VALIDATION.encode())
    write(root / top / "test_labels.csv", TESTED.encode())
    return root


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chexpert")
    return ingest(make(folder / "root", TOP), folder / "out", adapter="chexpert")


def label(done, path, finding):
    return done.label(TOP + path, finding)


def test_names_are_the_publisher_s_paths_without_folder_and_suffix(done):
    names = {path[:-4] for path in (FIRST, NEXT, VALID, TEST)}
    assert set(done.images["image_id"]) == names


def test_laterals_are_refused_whatever_column_says_so(done):
    assert done.reasons()[TOP + SIDE] == "lateral"
    assert done.reasons()[TOP + ODD] == "lateral"


def test_uncertain_stays_uncertain_and_blank_unknown(done):
    assert label(done, FIRST, "cardiomegaly") == 1
    assert label(done, FIRST, "consolidation") == -1
    assert label(done, FIRST, "pneumonia") == 0
    assert np.isnan(label(done, FIRST, "effusion"))
    assert np.isnan(label(done, NEXT, "edema"))
    assert label(done, NEXT, "no_finding") == 1
    assert len(done.labels) == 4 * 14


def test_the_tables_are_the_official_splits(done):
    split = [done.image(TOP + path)["official_split"] for path in (FIRST, VALID, TEST)]
    assert split == ["train", "validation", "test"]
    assert label(done, TEST, "fracture") == 1
    sources = done.labels.set_index("path")["source"]
    assert set(sources[TOP + TEST]) == {"test_labels.csv"}


def test_patient_and_study_are_those_of_the_path(done):
    first, second = done.image(TOP + FIRST), done.image(TOP + NEXT)
    assert first["patient_id"] == second["patient_id"]
    assert first["study_id"] != second["study_id"]
    assert done.images["patient_id"].nunique() == 3


def test_age_0_and_an_unknown_sex_are_unknown(done):
    assert done.image(TOP + FIRST)["age_years"] == 68
    assert np.isnan(done.image(TOP + NEXT)["age_years"])
    known = chexpert.facts(asked_in(done)).frame.set_index("patient")
    assert not isinstance(known.loc["patient00002", "sex"], str)
    assert known.loc["patient00002", "age_years"] == 90


def asked_in(done):
    return asked(done.out.parent / "root")


def test_views_of_the_test_split_are_told_by_their_names(done):
    known = done.image(TOP + TEST)
    assert not isinstance(known["view_position"], str)
    assert done.image(TOP + NEXT)["view_position"] == "PA"


def test_one_sign_of_a_lateral_is_enough(tmp_path):
    root = make(tmp_path)
    text = TRAIN.replace("68,Lateral,", "68,Frontal,PA").replace(
        "Frontal,AP", "Lateral,AP"
    )
    write(root / "train.csv", text.encode())
    known = chexpert.facts(asked(root)).frame.set_index("file_id")
    assert known.loc[[FIRST, SIDE], "view_position"].tolist() == ["LATERAL", "LATERAL"]


def batches(path):
    folders = {"train": "batch 2 (train 1)", "valid": "batch 1 (validate & csv)/valid"}
    part, _, rest = path.partition("/")
    return f"CheXpert-v1.0 {folders.get(part, part)}/{rest}"


@pytest.mark.parametrize("top", ["", "CheXpert-v1.0/", "archive/"])
@pytest.mark.parametrize("rename", [str, batches])
def test_every_layout_tells_the_same(tmp_path, top, rename):
    known = FACTS.check(chexpert.facts(asked(make(tmp_path, top, rename))).frame)
    assert len(known) == 6
    assert known["official_split"].value_counts()["train"] == 4


def test_no_finding_denies_what_is_blank_but_devices_where_asked(tmp_path):
    root = make(tmp_path)
    said = SAID.check(chexpert.said(asked(root, no_finding_denies=True)))
    said = said.set_index(["file_id", "finding"])["value"]
    assert said[NEXT, "edema"] == 0
    assert np.isnan(said[NEXT, "support_devices"])
    assert np.isnan(said[FIRST, "effusion"])


def test_validation_pictures_alone_are_enough(tmp_path):
    root = make(tmp_path)
    for path in (FIRST, SIDE, NEXT, ODD, TEST):
        (root / path).unlink()
    assert len(chexpert.facts(asked(root)).frame) == 1


def test_small_and_full_below_one_root_are_matched_to_neither(tmp_path):
    root = make(make(tmp_path, "CheXpert-v1.0/"), "CheXpert-v1.0-small/")
    with pytest.raises(InputError, match="no row matches"):
        chexpert.facts(asked(root))

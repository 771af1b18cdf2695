"""VinDr-CXR: readers' rows become votes, in PhysioNet's release and in Kaggle's."""

import logging
from functools import partial

import pytest

from tests.ingest.chain import ingest
from tests.ingest.publishers import source_of
from tests.ingest.synthetic import chest, dataset, write
from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.datasets import FACTS, SAID, vindr_cxr
from workflow_scripts.ingest.publishers import votes

LOCAL = (
    "Aortic enlargement,Atelectasis,Calcification,Cardiomegaly,Clavicle fracture,"
    "Consolidation,Edema,Emphysema,Enlarged PA,ILD,Infiltration,Lung Opacity,"
    "Lung cavity,Lung cyst,Mediastinal shift,Nodule/Mass,Pleural effusion,"
    "Pleural thickening,Pneumothorax,Pulmonary fibrosis,Rib fracture,Other lesion"
)
GLOBAL = "COPD,Lung tumor,Pneumonia,Tuberculosis,Other diseases,No finding"
asked = partial(source_of, adapter="vindr_cxr")
COLUMNS = f"{LOCAL},{GLOBAL}".split(",")
A, B, C, D = (f"{seed:032x}" for seed in range(0xA0, 0xA4))


def labels(rows, *, reader=True, words=COLUMNS):
    """Write image_labels_*.csv of (image, reader, findings that are marked)."""
    head = ["image_id", *(["rad_id"] if reader else []), *words]
    lines = [",".join(head)]
    for image, who, marked in rows:
        flags = ["1" if word in marked else "0" for word in words]
        lines.append(",".join([image, *([who] if reader else []), *flags]))
    return "\n".join(lines).encode()


def picture(path, seed, **tags):
    tags = {"PatientID": None, "ViewPosition": None, "StudyInstanceUID": None} | tags
    dark = tags.get("PhotometricInterpretation") == "MONOCHROME1"
    return write(path, dataset(4095 - chest(seed) if dark else chest(seed), **tags))


TRAIN = [
    *((A, "R8", ["Pleural effusion", "ILD"]), (A, "R9", ["Pleural effusion"])),
    (A, "R10", ["No finding"]),
    *((B, "R8", ["No finding"]), (B, "R9", ["No finding"]), (B, "R11", ["COPD"])),
]


@pytest.fixture
def physionet(tmp_path):
    return make_physionet(tmp_path / "vindr-cxr/1.0.0")


def make_physionet(root):
    picture(root / f"train/{A}.dicom", 0, PatientID="P1")
    picture(root / f"train/{B}.dicom", 1, PatientID="P1")
    picture(root / f"test/{C}.dicom", 7)
    picture(root / f"test/{D}.dicom", 8, PhotometricInterpretation="MONOCHROME1")
    write(root / "annotations/image_labels_train.csv", labels(TRAIN))
    words = [word.replace("Other diseases", "Other disease") for word in COLUMNS]
    test = [(C, "", ["Nodule/Mass", "Other disease"]), (D, "", ["No finding"])]
    table = labels(test, reader=False, words=words)
    write(root / "annotations/image_labels_test.csv", table)
    return root


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vindr")
    make_physionet(folder / "vindr-cxr/1.0.0")
    return ingest(folder / "vindr-cxr", folder / "out", adapter="vindr_cxr")


TRAINED, SEEN = f"1.0.0/train/{A}.dicom", f"1.0.0/test/{C}.dicom"


def test_physionets_release_is_read_whole_from_the_folder_above(done):
    assert sorted(done.images["image_id"]) == [A, B, C, D]
    assert done.image(TRAINED)["official_split"] == "train"
    assert done.image(SEEN)["official_split"] == "test"
    assert done.label(TRAINED, "effusion") == 1
    assert done.label(TRAINED, "interstitial_lung_disease") == 0
    assert done.label(TRAINED, "no_finding") == 0
    assert len(done.labels) == 4 * len(COLUMNS)
    assert set(done.labels["source"]) == {
        "image_labels_train.csv: majority of 3",
        "image_labels_test.csv",
    }


def test_the_view_is_the_publishers_word(done):
    assert set(done.images["view_position"]) == {"PA"}


def test_each_picture_counts_as_a_patient_of_its_own(done):
    assert done.images["patient_id"].tolist() == done.images["image_id"].tolist()


def test_both_polarities_are_there(done):
    assert set(done.images["photometric"]) == {"MONOCHROME1", "MONOCHROME2"}


def test_other_diseases_are_one_finding_however_they_are_spelt(done):
    assert done.label(SEEN, "other_disease") == 1
    assert done.label(TRAINED, "other_disease") == 0


@pytest.mark.parametrize(
    ("readers", "effusion", "interstitial", "nothing"),
    [("majority", 1, 0, 0), ("any", 1, 1, 0), ("all", 0, 0, 1)],
)
def test_so_many_readers_must_see_it(
    physionet, readers, effusion, interstitial, nothing
):
    said = SAID.check(vindr_cxr.said(asked(physionet, readers=readers)))
    of_a = said[said["file_id"] == f"train/{A}.dicom"].set_index("finding")
    assert of_a.loc["effusion", "value"] == effusion
    assert of_a.loc["interstitial_lung_disease", "value"] == interstitial
    assert of_a.loc["no_finding", "value"] == nothing
    assert set(of_a["source"]) == {f"image_labels_train.csv: {readers} of 3"}


@pytest.mark.parametrize("readers", votes.POLICIES)
def test_nothing_and_something_are_never_found_together(physionet, readers):
    said = vindr_cxr.said(asked(physionet, readers=readers))
    wide = said.pivot_table(index="file_id", columns="finding", values="value")
    some = wide.drop(columns="no_finding").max(axis="columns")
    assert not ((wide["no_finding"] == 1) & (some == 1)).any()


def test_an_unknown_policy_is_refused(physionet):
    with pytest.raises(InputError, match="majority, any, all"):
        vindr_cxr.said(asked(physionet, readers="some"))


@pytest.fixture
def kaggle(tmp_path):
    root = tmp_path / "vinbigdata"
    for seed, name in enumerate((A, B)):
        picture(root / f"train/{name}.dicom", seed)
    picture(root / f"test/{C}.dicom", 7)
    rows = [
        "image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max",
        f"{A},Pleural effusion,10,R8,1.0,2.0,30.0,40.0",
        f"{A},Pleural effusion,10,R8,9.0,9.0,39.0,49.0",
        f"{A},Pleural effusion,10,R8,5.0,5.0,35.0,45.0",
        f"{A},No finding,14,R9,,,,",
        f"{A},No finding,14,R10,,,,",
        f"{B},Nodule/Mass,8,R8,1.0,2.0,30.0,40.0",
        f"{B},Nodule/Mass,8,R9,1.0,2.0,30.0,40.0",
        f"{B},No finding,14,R10,,,,",
    ]
    write(root / "train.csv", "\n".join(rows).encode())
    listed = f"image_id,PredictionString\n{C},14 1 0 0 1 1\n"
    write(root / "sample_submission.csv", listed.encode())
    return root


def test_kaggles_boxes_are_votes_however_many_a_reader_drew(kaggle):
    said = SAID.check(vindr_cxr.said(asked(kaggle)))
    value = said.set_index(["file_id", "finding"])["value"]
    assert value[f"train/{A}.dicom", "effusion"] == 0
    assert value[f"train/{A}.dicom", "no_finding"] == 1
    assert value[f"train/{B}.dicom", "nodule_or_mass"] == 1
    assert value[f"train/{B}.dicom", "no_finding"] == 0
    assert set(said["source"]) == {"train.csv: majority of 3"}


def test_kaggles_test_pictures_are_told_without_labels(kaggle):
    told = FACTS.check(vindr_cxr.facts(asked(kaggle)).frame).set_index("file_id")
    row = told.loc[f"test/{C}.dicom"]
    assert (row["image_name"], row["view_position"]) == (C, "PA")
    assert told["official_split"].isna().sum() == 1
    assert f"test/{C}.dicom" not in set(vindr_cxr.said(asked(kaggle))["file_id"])


def test_unknown_words_are_counted_and_not_quoted(kaggle, caplog):
    table = (kaggle / "train.csv").read_text().replace("Nodule/Mass", "Canary")
    (kaggle / "train.csv").write_text(table)
    with caplog.at_level(logging.WARNING):
        vindr_cxr.said(asked(kaggle))
    assert "2 rows hold unknown words" in caplog.text
    assert "Canary" not in caplog.text


def test_a_picture_that_is_not_there_is_left_out(physionet):
    (physionet / f"train/{B}.dicom").unlink()
    source = asked(physionet)
    told = FACTS.check(vindr_cxr.facts(source).frame)
    assert f"train/{B}.dicom" not in set(told["file_id"])
    assert set(vindr_cxr.said(source)["file_id"]) == set(told["file_id"])


def test_tables_of_another_set_are_an_error(physionet):
    for path in physionet.rglob("*.dicom"):
        path.unlink()
    picture(physionet / "train/other.dicom", 1)
    with pytest.raises(InputError, match="no row matches"):
        vindr_cxr.facts(asked(physionet))

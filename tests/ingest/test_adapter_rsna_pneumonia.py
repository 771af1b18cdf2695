"""RSNA Pneumonia: a picture's id is no patient, and boxes are not pictures."""

import json
from functools import partial

import pytest

from tests.ingest.chain import ingest
from tests.ingest.publishers import source_of
from tests.ingest.synthetic import chest, dataset, write
from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.datasets import FACTS, SAID, nih_cxr14, rsna_pneumonia
from workflow_scripts.plan import adapters

SICK, WELL, OTHER, TEST = (f"{n:08x}-cafe-4fad-8bad-decade000000" for n in range(1, 5))
ORIGINALS = {
    SICK: "00000013_005.png",
    WELL: "00000013_017.png",
    OTHER: "00030805_000.png",
    TEST: "00000001_002.png",
}
LABELS = f"""patientId,x,y,width,height,Target
{OTHER},,,,,0
{WELL},,,,,0
{SICK},264.0,152.0,213.0,379.0,1
{SICK},562.0,152.0,256.0,453.0,1
"""
CLASSES = f"""patientId,class
{OTHER},No Lung Opacity / Not Normal
{WELL},Normal
{SICK},Lung Opacity
{SICK},Lung Opacity
"""
MAPPING = "pneumonia-challenge-dataset-mappings_2018.json"
# the RSNA wrote ages without a unit
pytestmark = pytest.mark.filterwarnings("ignore:Invalid value for VR AS")
asked = partial(source_of, adapter="rsna_pneumonia")


def file(name):
    return f"stage_2_{'test' if name == TEST else 'train'}_images/{name}.dcm"


def make(root):
    ages = {SICK: "148", WELL: "51", OTHER: "155", TEST: "30"}
    for seed, (name, age) in enumerate(ages.items()):
        picture = (chest(seed) >> 4).astype("uint8")
        tags = {"PatientID": name, "PatientAge": age, "ConversionType": "WSD"}
        ds = dataset(picture, bits=8, **tags, Modality="CR", PatientOrientation=None)
        write(root / file(name), ds)
    write(root / "stage_2_train_labels.csv", LABELS.encode())
    write(root / "stage_2_detailed_class_info.csv", CLASSES.encode())
    return root


def map_to_nih(root, originals):
    rows = [
        {"subset_img_id": ours, "img_id": nih, "orig_labels": ["No Finding"]}
        for ours, nih in originals.items()
    ]
    write(root / MAPPING, json.dumps(rows).encode())
    return root


@pytest.fixture
def root(tmp_path):
    return make(tmp_path / "root")


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rsna")
    root = map_to_nih(make(folder / "rsna"), ORIGINALS)
    return ingest(root, folder / "out", adapter="rsna_pneumonia")


def test_a_picture_has_one_row_for_each_finding_however_many_boxes(done):
    assert done.label(file(SICK), "lung_opacity") == 1
    assert done.label(file(SICK), "no_finding") == 0
    assert len(done.labels) == 3 * 2


def test_neither_opacity_nor_normal_is_neither(done):
    assert done.label(file(OTHER), "lung_opacity") == 0
    assert done.label(file(OTHER), "no_finding") == 0
    assert done.label(file(WELL), "no_finding") == 1


def test_the_mapping_tells_the_people_behind_the_pictures(done):
    who = done.images.set_index("path")["patient_id"]
    assert who[file(SICK)] == who[file(WELL)]
    assert who.nunique() == 3


def test_test_pictures_are_taken_without_labels(done):
    assert done.image(file(TEST))["image_id"] == TEST
    assert file(TEST) not in set(done.labels["path"])


def test_ages_that_nobody_reaches_are_unknown(done):
    ages = done.images.set_index("path")["age_years"]
    assert ages[[file(SICK), file(OTHER)]].isna().all()
    assert ages[file(WELL)] == 51


def test_the_patients_are_those_of_the_nihs_own_set(root, tmp_path):
    nih = tmp_path / "nih"
    head = (
        "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,"
        "View Position,OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],"
    )
    rows = [head]
    for name in ORIGINALS.values():
        write(nih / f"images/{name}", b"")
        who = int(name[:8])
        rows.append(f"{name},No Finding,0,{who},57,M,PA,2682,2749,0.143,0.143,")
    write(nih / "Data_Entry_2017_v2020.csv", "\n".join(rows).encode())
    theirs = nih_cxr14.facts(source_of(nih, adapter="nih_cxr14")).frame
    ours = rsna_pneumonia.facts(asked(map_to_nih(root, ORIGINALS))).frame
    ours = ours.assign(name=ours["image_name"].map(ORIGINALS))
    theirs = theirs.assign(name=theirs["image_name"] + ".png")
    both = ours.merge(theirs, on="name")
    assert both["patient_x"].tolist() == both["patient_y"].tolist()
    assert set(both["patient_x"]) == {"1", "13", "30805"}
    sites = [adapters.told(name)["SITE"] for name in ("nih_cxr14", "rsna_pneumonia")]
    assert sites[0] == sites[1] == adapters.told("siim_pneumothorax")["SITE"]


def test_without_the_mapping_nobody_is_known_and_that_is_said(root, caplog):
    told = rsna_pneumonia.facts(asked(root))
    assert told.patients == "nobody"
    assert FACTS.check(told.frame)["patient"].isna().all()
    assert MAPPING in caplog.text
    assert "several parts of the data at once" in caplog.text


def test_pictures_of_a_patient_who_is_not_mapped_have_none(root):
    told = rsna_pneumonia.facts(asked(map_to_nih(root, {SICK: ORIGINALS[SICK]})))
    assert told.patients == "table"
    patients = told.frame.set_index("image_name")["patient"]
    assert patients[SICK] == "13"
    assert patients[[WELL, OTHER]].isna().all()


@pytest.mark.parametrize("text", ["{}x", "[1]", '{"a": 1}', '[{"img_id": "1"}]'])
def test_another_mapping_is_refused(root, text):
    write(root / MAPPING, text.encode())
    with pytest.raises(InputError, match="mapping"):
        rsna_pneumonia.facts(asked(root))


def test_names_that_are_not_the_nihs_are_refused_unquoted(root):
    map_to_nih(root, {SICK: "Canary.png"})
    with pytest.raises(InputError, match="1 rows name no picture") as error:
        rsna_pneumonia.facts(asked(root))
    assert "Canary" not in str(error.value)


def test_the_classes_may_be_lacking(root):
    (root / "stage_2_detailed_class_info.csv").unlink()
    said = SAID.check(rsna_pneumonia.said(asked(root)))
    assert set(said["finding"]) == {"lung_opacity"}
    assert set(said["source"]) == {"stage_2_train_labels.csv"}


def test_unknown_classes_are_counted_and_not_quoted(root, caplog):
    path = root / "stage_2_detailed_class_info.csv"
    path.write_text(CLASSES.replace("Normal\n", "Canary\n", 2))
    said = SAID.check(rsna_pneumonia.said(asked(root)))
    assert said["value"].isna().sum() == 2
    assert "2 rows hold unknown words" in caplog.text
    assert "Canary" not in caplog.text

"""SIIM-ACR Pneumothorax: runs of pixels become one label for each picture."""

from functools import partial

import pytest

from tests.ingest.chain import ingest
from tests.ingest.publishers import source_of
from tests.ingest.synthetic import chest, dataset, write
from workflow_scripts.ingest.datasets import FACTS, SAID, siim_pneumothorax
from workflow_scripts.plan import adapters

ROOT = "1.2.276.0.7230010.3.1"
SICK, WELL, FREE, NEW = (
    f"{ROOT}.4.8323329.{number}.1517875162.2580{number}" for number in (11, 12, 13, 14)
)
ROWS = f"""ImageId, EncodedPixels
{SICK}, 407576 2 1021 7 1015 10
{SICK}, 12345 3 1020 5
{WELL}, -1
{FREE},-1
"""
# the SIIM wrote ages without a unit
pytestmark = pytest.mark.filterwarnings("ignore:Invalid value for VR AS")
asked = partial(source_of, adapter="siim_pneumothorax")


def file(name, part="train"):
    number = name.split(".")[-3]
    return f"dicom-images-{part}/{ROOT}.2.{number}/{ROOT}.3.{number}/{name}.dcm"


def make(root, table="train-rle.csv"):
    for seed, name in enumerate((SICK, WELL, FREE, NEW)):
        picture = (chest(seed) >> 4).astype("uint8")
        tags = {"SOPInstanceUID": name, "PatientID": "P1", "PatientAge": "51"}
        ds = dataset(picture, bits=8, **tags, Modality="CR")
        write(root / file(name, "test" if name == NEW else "train"), ds)
    write(root / table, ROWS.encode())
    return root


@pytest.fixture
def root(tmp_path):
    return make(tmp_path / "siim")


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("siim")
    root = make(folder / "siim")
    return ingest(root, folder / "out", adapter="siim_pneumothorax")


def test_several_outlines_are_one_label(done):
    assert done.label(file(SICK), "pneumothorax") == 1
    assert len(done.labels) == 3
    assert set(done.labels["source"]) == {"train-rle.csv"}


def test_minus_one_is_absent_with_or_without_a_space(done):
    assert done.label(file(WELL), "pneumothorax") == 0
    assert done.label(file(FREE), "pneumothorax") == 0


def test_the_headers_patient_is_not_believed(done):
    assert done.images["patient_id"].tolist() == done.images["image_id"].tolist()
    assert done.image(file(SICK))["image_id"] == SICK


def test_pictures_without_a_label_are_taken_too(done):
    assert file(NEW, "test") in set(done.images["path"])
    assert file(NEW, "test") not in set(done.labels["path"])


def test_that_nobody_is_known_is_said(root, caplog):
    assert siim_pneumothorax.facts(asked(root)).patients == "nobody"
    assert "several parts of the data at once" in caplog.text


def test_labelled_files_of_the_test_folder_are_the_test_part(tmp_path):
    root = make(tmp_path / "siim", "stage_2_train.csv")
    with (root / "stage_2_train.csv").open("a") as table:
        table.write(f"{NEW},-1\n")
    told = FACTS.check(siim_pneumothorax.facts(asked(root)).frame)
    splits = told.set_index("image_name")["official_split"]
    assert splits.to_dict() == {
        SICK: "train",
        WELL: "train",
        FREE: "train",
        NEW: "test",
    }


def test_a_blank_says_nothing(root):
    with (root / "train-rle.csv").open("a") as table:
        table.write(f"{NEW},\n")
    said = SAID.check(siim_pneumothorax.said(asked(root))).set_index("file_id")
    assert said["value"].isna().to_dict()[file(NEW, "test")]


@pytest.fixture
def mirror(tmp_path):
    root = tmp_path / "siim-acr-pneumothorax"
    for part, sick in (("train", 1), ("test", 0)):
        name = f"0_{part}_{sick}_.png"
        write(root / f"png_images/{name}", b"")
        row = f"new_filename,ImageId,has_pneumo\n{name},{SICK}{sick},{sick}\n"
        write(root / f"stage_1_{part}_images.csv", row.encode())
    return root


def test_the_png_mirror_is_read_from_its_two_tables(mirror):
    told = FACTS.check(siim_pneumothorax.facts(asked(mirror)).frame)
    splits = told.set_index("file_id")["official_split"].to_dict()
    train, test = "png_images/0_train_1_.png", "png_images/0_test_0_.png"
    assert splits == {train: "train", test: "test"}
    assert set(told["image_name"]) == {f"{SICK}0", f"{SICK}1"}
    said = SAID.check(siim_pneumothorax.said(asked(mirror))).set_index("file_id")
    assert said["value"].to_dict() == {train: 1, test: 0}
    assert said.loc[test, "source"] == "stage_1_test_images.csv"


def test_masks_of_the_mirror_are_no_pictures(mirror):
    write(mirror / "png_masks/0_train_1_.png", b"")
    told = {"root": str(mirror), "adapter": "siim_pneumothorax", "lung_masks": None}
    assert adapters.masks_below(told) == ["png_masks"]

"""NIH ChestX-ray14: what its table and its lists tell, as the NIH ships them."""

from functools import partial

import numpy as np
import pytest
from PIL import Image

from tests.ingest.chain import ingest
from tests.ingest.publishers import source_of
from tests.ingest.synthetic import chest, png_bytes, write
from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.datasets import FACTS, SAID, nih_cxr14

HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,"
    "View Position,OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)
ROWS = [
    "00000001_000.png,Cardiomegaly|Emphysema,0,1,58,M,PA,2682,2749,0.143,0.143",
    "00000001_001.png,No Finding,1,1,59,M,AP,2894,2729,0.143,0.143",
    "00000002_000.png,Pleural_Thickening,0,2,411,F,PA,2500,2048,0.168,0.168",
    "00030805_000.png,Infiltration,0,30805,95,F,PA,2048,2500,0.171,0.171",
]
NAMES = [row[:16] for row in ROWS]
asked = partial(source_of, adapter="nih_cxr14")


def pictures(root, folder="images_{:03}/images"):
    for seed, name in enumerate(NAMES):
        grey = Image.fromarray(chest(seed, bits=8).astype(np.uint8))
        picture = grey.convert("RGBA") if seed == 2 else grey
        place = root / folder.format(seed + 1) / name
        write(place, png_bytes(picture))
    return root


def lines(root, name, *text):
    write(root / name, ("\n".join(text) + "\n").encode())


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nih")
    root = pictures(folder / "root")
    lines(root, "Data_Entry_2017.csv", HEADER + ",", *(row + "," for row in ROWS))
    lines(root, "train_val_list.txt", *NAMES[:2])
    lines(root, "test_list.txt", NAMES[3])
    write(root / "BBox_List_2017.csv", b"Image Index,Finding Label,Bbox [x,y,w,h],,,\n")
    return ingest(root, folder / "out", adapter="nih_cxr14")


def path(row):
    return f"images_{row + 1:03}/images/{NAMES[row]}"


def test_every_picture_is_accepted_under_the_nih_s_name(done):
    assert set(done.images["image_id"]) == {name[:-4] for name in NAMES}
    assert done.image(path(2))["photometric"] == "raster"  # RGBA, and still grey


def test_what_is_listed_is_present_and_all_else_absent(done):
    assert done.label(path(0), "cardiomegaly") == done.label(path(0), "emphysema") == 1
    assert done.label(path(0), "edema") == done.label(path(0), "no_finding") == 0
    assert done.label(path(1), "no_finding") == 1
    assert done.label(path(2), "pleural_thickening") == 1
    assert done.labels["value"].notna().all()
    assert set(done.labels["source"]) == {"Data_Entry_2017.csv"}
    assert len(done.labels) == len(NAMES) * 15


def test_patients_are_the_table_s(done):
    who = [done.image(path(row))["patient_id"] for row in range(4)]
    assert who[0] == who[1]
    assert len(set(who)) == 3


def test_train_val_is_train_and_what_no_list_names_has_no_split(done):
    split = [done.image(path(row))["official_split"] for row in range(4)]
    assert split[:2] == ["train", "train"]
    assert split[3] == "test"
    assert not isinstance(split[2], str)


def test_view_sex_and_age_are_kept_and_impossible_ages_are_unknown(done):
    known = done.image(path(0))
    assert (known["view_position"], known["sex"], known["age_years"]) == ("PA", "M", 58)
    assert np.isnan(done.image(path(2))["age_years"])
    assert done.image(path(3))["age_years"] == 90


def test_flat_folders_and_renamed_columns_are_read_below_the_parent_too(tmp_path):
    root = pictures(tmp_path, "nih/images")
    table = [HEADER.replace("Patient Gender", "Patient Sex"), *ROWS]
    lines(root, "nih/Data_Entry_2017_v2020.csv", *table)
    known = FACTS.check(nih_cxr14.facts(asked(root)).frame)
    assert known["sex"].tolist() == ["M", "M", "F", "F"]
    assert known["official_split"].isna().all()
    assert known["patient"].tolist() == ["1", "1", "2", "30805"]


@pytest.mark.parametrize(("head", "tail"), [(",", ""), ("", ","), (",", ",")])
def test_trailing_commas_are_harmless(tmp_path, head, tail):
    root = pictures(tmp_path)
    lines(root, "Data_Entry_2017.csv", HEADER + head, *(row + tail for row in ROWS))
    assert len(nih_cxr14.facts(asked(root)).frame) == len(ROWS)


def test_a_number_with_leading_zeros_is_the_same_patient(tmp_path):
    root = pictures(tmp_path)
    lines(
        root,
        "Data_Entry_2017.csv",
        HEADER,
        ROWS[0],
        ROWS[1].replace(",1,1,", ",1,00000001,"),
    )
    assert set(nih_cxr14.facts(asked(root)).frame["patient"]) == {"1"}


def test_words_that_are_not_the_nih_s_are_counted_not_quoted(tmp_path, caplog):
    root = pictures(tmp_path)
    odd = ROWS[0].replace("Emphysema", "Canary")
    lines(root, "Data_Entry_2017.csv", HEADER, odd, ROWS[1].replace("No Finding", ""))
    said = SAID.check(nih_cxr14.said(asked(root)))
    assert "1 words of 1 kinds" in caplog.text
    assert "Canary" not in caplog.text
    blank = said[said["file_id"] == path(1)]
    assert blank["value"].isna().all()


def test_a_table_of_other_pictures_is_an_error(tmp_path):
    root = pictures(tmp_path)
    lines(
        root, "Data_Entry_2017.csv", HEADER, ROWS[0].replace("00000001_", "99999999_")
    )
    with pytest.raises(InputError, match="no row matches"):
        nih_cxr14.facts(asked(root))

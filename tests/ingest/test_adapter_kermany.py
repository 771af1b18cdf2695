"""Kermany's children: folder and file name tell everything, if read with care."""

import math

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.ingest.chain import ingest
from tests.ingest.synthetic import chest, png_bytes, write
from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.datasets import Source, kermany

NORMAL = "chest_xray/train/NORMAL/IM-0115-0001.jpeg"
SAME_CHILD = "chest_xray/train/NORMAL/IM-0115-0001-0002.jpeg"
NORMAL2 = "chest_xray/train/NORMAL/NORMAL2-IM-0115-0001.jpeg"
BACTERIA = "chest_xray/train/PNEUMONIA/person1_bacteria_1.jpeg"
VIRUS = "chest_xray/train/PNEUMONIA/person1_virus_6.jpeg"
TWO_NUMBERS = "chest_xray/train/PNEUMONIA/person447_virus_921_1.jpeg"
UNTOLD = "chest_xray/train/PNEUMONIA/person9_9.jpeg"
OF_VAL = "chest_xray/val/PNEUMONIA/person1_bacteria_2.jpeg"
OF_TEST = "chest_xray/test/PNEUMONIA/person1_virus_6.jpeg"
TWICE = "chest_xray/train/NORMAL/IM-0300-0001.jpeg"
NESTED = f"chest_xray/{TWICE}"
JUNK = "__MACOSX/chest_xray/train/NORMAL/._IM-0115-0001.jpeg"
ALL = [
    *(NORMAL, SAME_CHILD, NORMAL2, BACTERIA, VIRUS, TWO_NUMBERS, UNTOLD),
    *(OF_VAL, OF_TEST, TWICE),
]


def jpeg(seed):
    return png_bytes(chest(seed, bits=8).astype(np.uint8), "jpeg")


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    root = tmp_path_factory.mktemp("kermany")
    for seed, path in enumerate(ALL):
        write(root / path, jpeg(seed))
    grey = Image.fromarray(chest(3, bits=8).astype(np.uint8))
    write(root / BACTERIA, png_bytes(grey.convert("RGB"), "jpeg"))
    write(root / NESTED, jpeg(ALL.index(TWICE)))
    write(root / JUNK, b"\0\x05\x16\x07\0\x02\0\0Mac OS X        ")
    return ingest(root, tmp_path_factory.mktemp("out"), adapter="kermany")


def test_the_folder_tells_pneumonia_and_the_name_its_germ(done):
    assert done.label(BACTERIA, "pneumonia") == 1
    assert done.label(BACTERIA, "bacterial_pneumonia") == 1
    assert done.label(BACTERIA, "viral_pneumonia") == 0
    assert done.label(TWO_NUMBERS, "viral_pneumonia") == 1
    for finding in ("pneumonia", "bacterial_pneumonia", "viral_pneumonia"):
        assert done.label(NORMAL, finding) == 0
    assert done.label(NORMAL, "no_finding") == 1
    assert done.label(VIRUS, "no_finding") == 0
    source = done.labels.set_index(["path", "finding"])["source"]
    assert source[(VIRUS, "pneumonia")] == "folder name"
    assert source[(VIRUS, "viral_pneumonia")] == "file name"


def test_a_name_without_germ_leaves_the_germ_open(done):
    assert done.label(UNTOLD, "pneumonia") == 1
    assert math.isnan(done.label(UNTOLD, "bacterial_pneumonia"))
    assert math.isnan(done.label(UNTOLD, "viral_pneumonia"))


def test_one_number_is_one_child_only_within_its_class_and_part(done):
    who = done.images.set_index("path")["patient_id"]
    assert who[NORMAL] == who[SAME_CHILD] != who[NORMAL2]
    assert who[BACTERIA] == who[VIRUS] == who[OF_VAL] != who[OF_TEST]
    assert who[NORMAL] != who[BACTERIA]


def test_val_goes_back_to_train_and_test_stays(done):
    part = done.images.set_index("path")["official_split"]
    assert part[OF_VAL] == part[NORMAL] == "train"
    assert part[OF_TEST] == "test"


def test_names_of_two_parts_are_two_images(done):
    names = done.images.set_index("path")["image_id"]
    assert names[VIRUS] == "train/PNEUMONIA/person1_virus_6.jpeg"
    assert names[OF_TEST] == "test/PNEUMONIA/person1_virus_6.jpeg"


def test_the_nested_copy_counts_once_and_mac_files_count_for_nothing(done):
    reasons = done.reasons()
    assert sorted([reasons[NESTED], reasons[TWICE]]) == ["duplicate", "ok"]
    assert reasons[JUNK] != "ok"
    assert len(done.images) == len(ALL)


def test_grey_saved_as_colour_is_read_and_the_view_is_ap(done):
    assert done.reasons()[BACTERIA] == "ok"
    assert set(done.images["view_position"]) == {"AP"}


def asked(*paths, **options):
    files = pd.DataFrame({"file_id": paths, "path": paths})
    return Source(files=files, tables=[], hashed_uid=str, options=options)


def test_val_may_stay_validation_but_keeps_its_children(caplog):
    source = asked(BACTERIA, OF_VAL, merge_validation=False)
    frame = kermany.facts(source).frame.set_index("file_id")
    assert frame["official_split"].tolist() == ["train", "validation"]
    assert frame["patient"][OF_VAL] == frame["patient"][BACTERIA]
    assert "1 images of val validate nothing" in caplog.text


def test_another_folder_is_refused():
    with pytest.raises(InputError, match="train/NORMAL"):
        kermany.facts(asked("train/bacteria/person1_bacteria_1.jpeg"))

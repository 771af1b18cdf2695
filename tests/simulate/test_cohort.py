"""A cohort: files, labels and masks that belong together, the same every time."""

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pydicom
import pytest

from workflow_scripts.simulate.cohort import Recipe, main

SIZE = 96


def make(folder: Path, **choices) -> Path:
    usual = {"site": "north", "patients": 6, "first_patient": 0, "seed": 7}
    recipe = Recipe(**{**usual, "size_px": SIZE, **choices})
    folder.mkdir()
    main(
        recipe=recipe,
        images=folder / "images",
        lung_masks=folder / "masks",
        labels=folder / "labels.csv",
    )
    return folder


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def headers(folder: Path) -> list[pydicom.Dataset]:
    paths = sorted((folder / "images").rglob("*.dcm"))
    return [pydicom.dcmread(path, stop_before_pixels=True) for path in paths]


def displayed(ds: pydicom.Dataset) -> np.ndarray:
    values = ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept)
    centre, width = float(ds.WindowCenter), float(ds.WindowWidth)
    level = np.clip((values - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)
    return 1 - level if ds.PhotometricInterpretation == "MONOCHROME1" else level


@pytest.fixture(scope="module")
def north(tmp_path_factory):
    return make(tmp_path_factory.mktemp("simulate") / "north", patients=80)


@pytest.fixture(scope="module")
def south(tmp_path_factory):
    folder = tmp_path_factory.mktemp("simulate") / "south"
    return make(folder, site="south", patients=80)


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    first, again = make(tmp_path / "first"), make(tmp_path / "again")
    assert digests(first) == digests(again)
    other = digests(make(tmp_path / "other", seed=8))
    assert not set(digests(first).values()) & set(other.values())


def test_a_patient_does_not_depend_on_how_many_are_made(north, tmp_path):
    few = digests(make(tmp_path / "few", patients=2))
    many = digests(north)
    shared = [name for name in few if name != "labels.csv"]
    assert shared
    assert all(few[name] == many[name] for name in shared)


def test_a_patient_of_two_cohorts_is_one_person_with_other_studies(tmp_path):
    one = {ds.PatientID: ds for ds in headers(make(tmp_path / "one"))}
    two = {ds.PatientID: ds for ds in headers(make(tmp_path / "two", first_patient=4))}
    shared = one.keys() & two.keys()
    assert shared == {"N000004", "N000005"}
    for patient in shared:
        assert one[patient].PatientSex == two[patient].PatientSex
        assert one[patient].PatientAge == two[patient].PatientAge
        for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
            assert one[patient][name].value != two[patient][name].value


@pytest.mark.parametrize("site", ["north", "south"])
def test_the_label_table_matches_the_files_one_to_one(site, request):
    folder = request.getfixturevalue(site)
    labels = pd.read_csv(folder / "labels.csv")
    files = {
        path.relative_to(folder / "images").as_posix(): pydicom.dcmread(path)
        for path in (folder / "images").rglob("*.dcm")
    }
    assert labels["image"].is_unique
    assert set(labels["image"]) == set(files)
    for row in labels.itertuples():
        ds = files[row.image]
        assert (row.patient, row.view) == (ds.PatientID, ds.ViewPosition)
        assert (row.sex, f"{row.age:03d}Y") == (ds.PatientSex, ds.PatientAge)
    masks = {p.relative_to(folder / "masks") for p in (folder / "masks").rglob("*.png")}
    frontal = labels[labels["view"] != "LL"]["image"]
    assert masks == {Path(image).with_suffix(".png") for image in frontal}


def test_every_uid_of_an_instance_is_used_once_and_is_valid(north, south):
    uids = [ds.SOPInstanceUID for ds in headers(north) + headers(south)]
    assert len(uids) == len(set(uids))
    assert all(uid.is_valid and uid.startswith("2.25.") for uid in uids)


def test_labels_say_what_the_severities_say(north):
    labels = pd.read_csv(north / "labels.csv")
    for finding in ("cardiomegaly", "effusion", "consolidation"):
        severity = labels[f"{finding}_severity"]
        assert severity.between(0, 1).all()
        assert (severity[labels[finding] == 1] > 0).all()
        assert (severity[labels[finding] == 0] == 0).all()
        assert severity[labels[finding] == -1].between(0, 0.06).all()


def test_lungs_are_darker_than_what_surrounds_them(north):
    labels = pd.read_csv(north / "labels.csv")
    well = labels.filter(like="_severity").sum(axis=1) == 0
    images = labels[well & (labels["view"] != "LL")]["image"]
    assert len(images) > 5
    for image in images:
        mask = cv2.imread(str(north / "masks" / image.replace(".dcm", ".png")), -1)
        picture = displayed(pydicom.dcmread(north / "images" / image))
        assert mask.shape == picture.shape
        assert set(np.unique(mask)) == {0, 255}
        lungs = mask == 255
        assert 0.08 < lungs.mean() < 0.6
        near = cv2.dilate(mask, np.ones((9, 9), np.uint8)) > 0
        assert picture[lungs].mean() < picture[near & ~lungs].mean() - 0.05


def test_sites_differ_in_scanner_and_patients_but_both_mix_polarities(north, south):
    tags = {
        name: {ds[name].value for ds in headers(north)}
        for name in ("Modality", "SOPClassUID")
    }
    others = {name: {ds[name].value for ds in headers(south)} for name in tags}
    assert tags["Modality"] == {"CR"}
    assert others["Modality"] == {"DX"}
    assert not tags["SOPClassUID"] & others["SOPClassUID"]
    for folder, inverted in ((north, (0.6, 0.95)), (south, (0.02, 0.3))):
        kinds = [ds.PhotometricInterpretation for ds in headers(folder)]
        assert inverted[0] < np.mean([k == "MONOCHROME1" for k in kinds]) < inverted[1]
    share = [
        (pd.read_csv(folder / "labels.csv")["cardiomegaly_severity"] > 0).mean()
        for folder in (north, south)
    ]
    assert share[0] > share[1]


def test_views_are_mostly_frontal_with_some_laterals(north, south):
    views = [ds.ViewPosition for ds in headers(north) + headers(south)]
    assert set(views) == {"PA", "AP", "LL"}
    assert 0.02 < np.mean([view == "LL" for view in views]) < 0.16


def test_an_unknown_site_is_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match="site: 'west'"):
        make(tmp_path / "west", site="west")

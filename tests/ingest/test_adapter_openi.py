"""Open-i: coded reports become findings, and lateral views do not pass for frontal."""

from functools import partial

import numpy as np
import pytest

from tests.ingest.chain import ingest
from tests.ingest.publishers import source_of
from tests.ingest.synthetic import chest, dataset, png_bytes, write
from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.datasets import FACTS, SAID, openi
from workflow_scripts.ingest.publishers.coded_reports import REPORT_BYTES, our_name

asked = partial(source_of, adapter="openi")
REPORTS = {
    "1": (["normal"], ["CXR1_1_IM-0001-3001", "CXR1_1_IM-0001-4001"]),
    "2": (
        ["Cardiomegaly/borderline", "Pulmonary Artery/enlarged", "Nodule/lung  \n"],
        ["CXR2_IM-0652-1001", "CXR2_IM-0652-2001"],
    ),
    "3": (["No Indexing"], ["CXR3_IM-1384-1001"]),
    "4": (["Pleural Effusion/left", "Fractures, Bone/ribs"], ["CXR4_IM-2050-1001"]),
    "5": (["Emphysema"], []),  # has no picture
}


def report(number):
    majors, pictures = REPORTS[number]
    coded = "".join(f"<major>{term}</major>" for term in majors)
    shown = "".join(
        f'<parentImage id="{name}"><caption>PA and lateral</caption></parentImage>'
        for name in pictures
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<eCitation>'
        f'<uId id="CXR{number}"/><MedlineCitation><Article/></MedlineCitation>'
        f"<MeSH>{coded}<automatic>pneumothorax</automatic></MeSH>{shown}</eCitation>"
    ).encode()


def reports(root):
    for number in REPORTS:
        write(root / f"ecgen-radiology/{number}.xml", report(number))
    return root


def png(path, seed):
    grey = chest(seed, bits=8).astype(np.uint8)
    return write(path, png_bytes(np.stack([grey] * 3, axis=-1)))


def dicom(path, seed, **tags):
    dark = tags.get("PhotometricInterpretation") == "MONOCHROME1"
    stored = 4095 - chest(seed) if dark else chest(seed)
    return write(path, dataset(stored, PatientID="ANON", **tags))


PROJECTIONS = """uid,filename,projection
1,1_IM-0001-4001.dcm.png,Frontal
1,1_IM-0001-3001.dcm.png,Lateral
2,2_IM-0652-1001.dcm.png,Frontal
2,2_IM-0652-2001.dcm.png,Lateral
3,3_IM-1384-1001.dcm.png,Frontal
4,4_IM-2050-1001.dcm.png,Frontal
"""
KAGGLE = "images/images_normalized"


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("openi")
    root = reports(folder / "root/NLMCXR_reports").parent
    png(root / "NLMCXR_png/CXR1_1_IM-0001-3001.png", 1)
    png(root / "NLMCXR_png/CXR1_1_IM-0001-4001.png", 2)
    dark = {"ViewPosition": "PA", "PhotometricInterpretation": "MONOCHROME1"}
    dicom(root / "NLMCXR_dcm/2/2_IM-0652-1001.dcm", 3, **dark)
    dicom(root / "NLMCXR_dcm/2/2_IM-0652-2001.dcm", 4, ViewPosition="LL")
    dicom(root / "NLMCXR_dcm/3/3_IM-1384-1001.dcm", 5, ViewPosition="AP")
    dicom(root / "NLMCXR_dcm/4/4_IM-2050-1001.dcm", 6, ViewPosition="")
    dicom(root / "NLMCXR_dcm/9/9_IM-9999-1001.dcm", 7)  # of no report
    write(root / "indiana_projections.csv", PROJECTIONS.encode())
    return ingest(root, folder / "out", adapter="openi")


NORMAL = "NLMCXR_png/CXR1_1_IM-0001-4001.png"
SICK = "NLMCXR_dcm/2/2_IM-0652-1001.dcm"
BLANK = "NLMCXR_dcm/4/4_IM-2050-1001.dcm"


def test_headings_before_the_slash_are_findings_and_all_else_is_absent(done):
    assert done.label(SICK, "cardiomegaly") == 1
    assert done.label(SICK, "nodule") == 1
    assert done.label(SICK, "effusion") == 0
    assert done.label(SICK, "no_finding") == 0
    assert done.label(BLANK, "effusion") == done.label(BLANK, "fracture") == 1


def test_a_normal_report_finds_nothing(done):
    values = done.labels[done.labels["path"] == NORMAL].set_index("finding")["value"]
    assert values.pop("no_finding") == 1
    assert set(values) == {0}


def test_headings_that_a_machine_found_do_not_count(done):
    assert set(done.labels.query("finding == 'pneumothorax'")["value"]) == {0}


def test_a_report_that_was_not_coded_says_nothing(done):
    assert "NLMCXR_dcm/3/3_IM-1384-1001.dcm" in set(done.images["path"])
    assert "NLMCXR_dcm/3/3_IM-1384-1001.dcm" not in set(done.labels["path"])


def test_lateral_views_are_left_out_whoever_tells(done):
    assert done.reasons()["NLMCXR_png/CXR1_1_IM-0001-3001.png"] == "lateral"
    assert done.reasons()["NLMCXR_dcm/2/2_IM-0652-2001.dcm"] == "lateral"
    assert done.image(NORMAL)["view_position"] == "FRONTAL"


def test_a_blank_view_is_filled_in_and_a_given_one_kept(done):
    assert done.image(SICK)["view_position"] == "PA"
    assert done.image(BLANK)["view_position"] == "FRONTAL"


def test_a_report_is_a_person_and_the_headers_word_is_not(done):
    assert done.images["patient_id"].nunique() == 4
    assert done.image(SICK)["image_id"] == "CXR2_IM-0652-1001"


def test_a_picture_without_a_report_is_of_nobody(done):
    path = "NLMCXR_dcm/9/9_IM-9999-1001.dcm"
    assert done.reasons()[path] == "patient_id_missing"


def test_both_polarities_are_shown_alike(done):
    assert done.image(SICK)["photometric"] == "MONOCHROME1"


@pytest.fixture
def kaggle(tmp_path):
    head = "uid,MeSH,Problems,image,indication,comparison,findings,impression"
    rows = [head]
    for number, (majors, _) in REPORTS.items():
        coded = ";".join(term.strip() for term in majors)
        rows.append(f'{number},"{coded}",x,Xray Chest PA and Lateral,,,"a, b",')
    write(tmp_path / "indiana_reports.csv", "\n".join(rows).encode())
    write(tmp_path / "indiana_projections.csv", PROJECTIONS.encode())
    for line in PROJECTIONS.splitlines()[1:]:
        write(tmp_path / KAGGLE / line.split(",")[1], b"")
    return tmp_path


def test_kaggles_two_tables_say_the_same(kaggle):
    told = FACTS.check(openi.facts(asked(kaggle)).frame).set_index("file_id")
    lateral = told.loc[f"{KAGGLE}/1_IM-0001-3001.dcm.png"]
    assert lateral["view_position"] == "LATERAL"
    assert (lateral["image_name"], lateral["patient"]) == ("CXR1_IM-0001-3001", "CXR1")
    said = SAID.check(openi.said(asked(kaggle)))
    value = said.set_index(["file_id", "finding"])["value"]
    assert value[f"{KAGGLE}/2_IM-0652-1001.dcm.png", "cardiomegaly"] == 1
    assert value[f"{KAGGLE}/4_IM-2050-1001.dcm.png", "fracture"] == 1
    assert value[f"{KAGGLE}/1_IM-0001-4001.dcm.png", "no_finding"] == 1
    assert set(said["source"]) == {"indiana_reports.csv"}


def test_kaggles_reports_need_the_projections(kaggle):
    (kaggle / "indiana_projections.csv").unlink()
    with pytest.raises(InputError, match=r"indiana_projections\.csv"):
        openi.facts(asked(kaggle))


def test_all_releases_name_a_picture_alike():
    names = [
        "NLMCXR_png/CXR1_1_IM-0001-3001.png",
        "1/1_IM-0001-3001.dcm",
        "1_IM-0001-3001.dcm.png",
        "CXR1_1_IM-0001-3001",
    ]
    assert {our_name(name) for name in names} == {"CXR1_IM-0001-3001"}
    assert our_name("CXR2_IM-0652-1001.png") == "CXR2_IM-0652-1001"
    assert our_name("readme.png") == ""


@pytest.fixture
def blind(tmp_path):
    for name in ("CXR1_1_IM-0001-3001", "CXR1_1_IM-0001-4001", "CXR2_IM-0652-1001"):
        write(tmp_path / f"NLMCXR_png/{name}.png", b"")
    return reports(tmp_path)


def test_png_files_of_unknown_view_are_refused(blind):
    with pytest.raises(InputError, match="half of the PNG files are lateral"):
        openi.facts(asked(blind))


def test_the_user_may_accept_them(blind):
    told = openi.facts(asked(blind, unknown_views="accept"))
    assert len(FACTS.check(told.frame)) == 3
    with pytest.raises(InputError, match="refuse or accept"):
        openi.facts(asked(blind, unknown_views="perhaps"))


def test_those_that_the_projections_do_not_list_are_left_out(blind, caplog):
    few = "\n".join(PROJECTIONS.splitlines()[:2])
    write(blind / "indiana_projections.csv", few.encode())
    told = openi.facts(asked(blind))
    assert told.frame["file_id"].tolist() == [NORMAL]
    assert "2 PNG files of unknown view are left out" in caplog.text


BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbb">]><eCitation><uId id="&b;"/></eCitation>'


@pytest.mark.parametrize(
    "content",
    [
        BOMB,
        BOMB.decode().encode("utf-16"),
        b"<eCitation><uId id='CXR1'/>",
        b"<eCitation></eCitation>",
        report("1") + b" " * REPORT_BYTES,
    ],
    ids=["entities", "hidden entities", "cut", "without a uId", "huge"],
)
def test_a_report_that_is_not_plain_is_refused_unquoted(blind, content):
    write(blind / "ecgen-radiology/1.xml", content)
    with pytest.raises(InputError, match="1 of 5 reports are not plain XML"):
        openi.facts(asked(blind))

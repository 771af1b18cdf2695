"""PadChest: 16-bit pictures, and reports that are lists of words."""

import csv
import gzip
import io
from functools import partial

import numpy as np
import pytest

from tests.ingest.chain import ingest
from tests.ingest.publishers import source_of
from tests.ingest.synthetic import chest, png_bytes, write
from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.datasets import FACTS, SAID, padchest
from workflow_scripts.ingest.publishers.label_table import read_table

TABLE = "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv"
COLUMNS = [
    *("", "ImageID", "ImageDir", "StudyDate_DICOM", "StudyID", "PatientID"),
    *("PatientBirth", "PatientSex_DICOM", "ViewPosition_DICOM", "Projection"),
    *("MethodProjection", "Pediatric", "Modality_DICOM", "Manufacturer_DICOM"),
    *("PhotometricInterpretation_DICOM", "PixelRepresentation_DICOM"),
    *("PixelAspectRatio_DICOM", "SpatialResolution_DICOM", "BitsStored_DICOM"),
    *("WindowCenter_DICOM", "WindowWidth_DICOM", "Rows_DICOM", "Columns_DICOM"),
    *("XRayTubeCurrent_DICOM", "Exposure_DICOM", "ExposureInuAs_DICOM"),
    *("ExposureTime", "RelativeXRayExposure_DICOM", "ReportID", "Report"),
    *("MethodLabel", "Labels", "Localizations", "LabelsLocalizationsBySentence"),
    *("labelCUIS", "LocalizationsCUIS"),
]
LABELS = [
    "['normal']",
    "['pleural effusion', ' pneumonia', 'subcutaneous emphysema', '']",
    "['unchanged', 'cardiomegaly']",
    "['exclude']",
    "",
    "['suboptimal study']",
    "['rib fracture', 'tuberculosis sequelae', 'hydropneumothorax', 'air bronchogram']",
    "['normal', 'scoliosis']",
]
PROJECTIONS = ["PA", "AP_horizontal", "L", "COSTAL", "PA", "AP", "UNK", "PA"]
NAMES = [f"2168401113669640_{row:02}-096-020.png" for row in range(8)]
asked = partial(source_of, adapter="padchest")


def rows():
    for row, (labels, view) in enumerate(zip(LABELS, PROJECTIONS, strict=True)):
        cells = dict.fromkeys(COLUMNS, "") | {"": row, "ImageID": NAMES[row]}
        cells |= {"ImageDir": row % 2 * 54, "StudyDate_DICOM": 20140915}
        cells |= {"StudyID": f"2{row // 2}", "PatientID": f"8{row // 2}"}
        cells |= {"PatientBirth": f"{1930 + 12 * row}.0", "PatientSex_DICOM": "M"}
        cells |= {"Pediatric": "No", "Projection": view, "Labels": labels}
        cells |= {"MethodLabel": "RNN_model" if row % 2 else "Physician"}
        cells |= {"Report": "sin hallazg , normal", "BitsStored_DICOM": 16}
        yield cells


def table(changes=()):
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row, cells in enumerate(rows()):
        writer.writerow(cells | dict(changes).get(row, {}))
    return text.getvalue().encode()


def place(row):
    return f"images/{row % 2 * 54}/{NAMES[row]}"


def make(root, where=place, changes=()):
    for row in range(8):
        picture = chest(row, bits=12) + 300  # 12 bits in 16, as a detector gives them
        write(root / where(row), png_bytes(picture.astype(np.uint16)))
    write(root / TABLE, table(changes))
    return root


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("padchest")
    return ingest(make(folder / "root"), folder / "out", adapter="padchest")


def said_of(root):
    said = SAID.check(padchest.said(asked(root)))
    return said.set_index(["file_id", "finding"])["value"]


def test_pictures_of_16_bits_keep_their_greys(done):
    shown = done.picture(place(0))
    assert done.image(place(0))["bits_stored"] == 16
    stored = chest(0, bits=12).astype(float)
    assert np.corrcoef(shown.ravel(), stored.ravel())[0, 1] > 0.999
    assert len(np.unique(shown)) > 100
    assert (shown == 255).mean() < 0.05
    assert (shown == 0).mean() < 0.05


def test_pictures_are_named_by_their_image_id(done):
    assert done.image(place(0))["image_id"] == NAMES[0][:-4]


def test_what_a_report_lists_is_present_and_all_else_absent(done):
    at = place(1)
    assert done.label(at, "effusion") == done.label(at, "pneumonia") == 1
    assert done.label(at, "atelectasis") == done.label(at, "no_finding") == 0
    assert done.label(place(0), "no_finding") == 1
    assert done.label(place(0), "effusion") == 0


def test_subcutaneous_emphysema_is_no_emphysema(done):
    assert done.label(place(1), "emphysema") == 0


def test_an_unchanged_or_suboptimal_study_denies_nothing(done):
    assert done.label(place(5), "no_finding") != 1
    assert done.labels.set_index("path").loc[place(5), "value"].isna().all()


def test_excluded_and_unlabelled_reports_tell_nothing(done):
    for row in (3, 4):
        assert done.labels.set_index("path").loc[place(row), "value"].isna().all()


def test_what_is_listed_counts_in_an_unchanged_study(tmp_path):
    said = said_of(make(tmp_path))
    assert said[place(2), "cardiomegaly"] == 1
    assert np.isnan(said[place(2), "effusion"])
    assert said[place(2), "no_finding"] == 0


def test_branches_of_the_tree_stand_for_their_stems(tmp_path):
    said = said_of(make(tmp_path))[place(6)]
    present = set(said.index[said == 1])
    assert present == {
        *("rib_fracture", "fracture", "pneumothorax", "effusion"),
        *("consolidation", "infiltration"),
    }
    assert np.isnan(said["tuberculosis"])


def test_normal_and_a_finding_leave_open_whether_there_is_one(tmp_path):
    said = said_of(make(tmp_path))
    assert np.isnan(said[place(7), "no_finding"])
    assert said[place(7), "scoliosis"] == 1


def test_physicians_and_the_network_are_told_apart(done):
    who = done.labels.drop_duplicates("path").set_index("path")["source"]
    assert who[place(0)] == f"{TABLE}: physician"
    assert who[place(1)] == f"{TABLE}: rnn"


def test_laterals_are_refused_and_ribs_are_of_unknown_view(done):
    assert done.reasons()[place(2)] == "lateral"
    assert done.image(place(1))["view_position"] == "AP"
    assert not isinstance(done.image(place(3))["view_position"], str)


def test_ages_come_from_two_years_and_the_year_of_birth_is_not_kept(done):
    assert done.image(place(0))["age_years"] == 84
    assert done.image(place(5))["age_years"] == 24
    assert "1930" not in done.images.to_csv()


def test_children_are_refused_by_age_and_counted_where_it_is_unknown(tmp_path, caplog):
    changes = {
        0: {"PatientBirth": "2010.0", "Pediatric": "PED"},
        1: {"PatientBirth": "", "Pediatric": "PED"},
    }
    known = padchest.facts(asked(make(tmp_path, changes=changes))).frame
    assert known["age_years"].iloc[0] == 4
    assert "1 pictures of children of unknown age" in caplog.text


def test_patient_and_study_are_the_table_s(done):
    first, second = done.image(place(0)), done.image(place(1))
    assert first["patient_id"] == second["patient_id"]
    assert first["study_id"] == second["study_id"]
    assert done.images["patient_id"].nunique() == 4


def test_flat_folders_and_packed_tables_are_read_below_the_parent(tmp_path):
    root = make(tmp_path / "PadChest", where=lambda row: NAMES[row])
    (root / TABLE).unlink()
    write(root / f"{TABLE}.gz", gzip.compress(table()))
    known = FACTS.check(padchest.facts(asked(tmp_path)).frame)
    assert len(known) == 8


def test_words_without_a_finding_are_counted_not_quoted(tmp_path, caplog):
    changes = {0: {"Labels": "['canary', 'canary', 'goiter']"}, 1: {"Labels": "[oops"}}
    said_of(make(tmp_path, changes=changes))
    assert "4 words of 3 kinds" not in caplog.text
    assert "3 words of 2 kinds" in caplog.text
    assert "canary" not in caplog.text
    assert "2 rows hold no label" in caplog.text


def test_only_the_columns_that_are_asked_for_are_kept(tmp_path):
    path = tmp_path / TABLE
    path.write_bytes(table())
    whole = read_table(path)
    some = read_table(path, columns=["Labels", "ImageID", "Nowhere"])
    assert some.columns.tolist() == ["ImageID", "Labels"]
    assert some.equals(whole[["ImageID", "Labels"]])


def test_a_column_that_lacks_is_named(tmp_path):
    root = make(tmp_path / "root")
    write(root / TABLE, table().replace(b"Projection,", b"Canary,", 1))
    with pytest.raises(InputError, match="has no column 'Projection'"):
        padchest.facts(asked(root))

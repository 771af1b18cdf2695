"""BRAX 1.1.0: 40,967 radiographs of Hospital Israelita Albert Einstein, São Paulo.

Reis et al. 2022, "BRAX, Brazilian labeled chest x-ray dataset", Scientific Data 9:487,
https://doi.org/10.1038/s41597-022-01608-8; https://physionet.org/content/brax/.
PhysioNet Credentialed Health Data License: nothing of it may be passed on. The number
of images is the paper's; columns were read in loaders, not in the real table.

Labels were mined from Portuguese reports in CheXpert's manner: 1, 0, -1 uncertain,
blank not mentioned, which is unknown here, not absent; `no_finding_denies` takes the
blanks of a study without findings for 0, except of support devices.

Traps:
    Each picture is there as DICOM and as PNG: the DICOM file counts where both are
    below the root, and the PNG is left without a row; it has no patient then.
    Paths begin with the root's folder. Some copies of the DICOM files lack `.dcm`.
    Columns by name only: their order is not CheXpert's, and the first has no name.
    Ages are groups of five years, `85 or more` the last: the lower end is kept.
    Some lateral views are written `L`.
"""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from workflow_scripts.ingest import person
from workflow_scripts.ingest.datasets import Facts, Source
from workflow_scripts.ingest.naming import bare
from workflow_scripts.ingest.publishers import answers
from workflow_scripts.ingest.publishers.label_table import ages, column, read_table
from workflow_scripts.ingest.publishers.matching import by_key

TABLES = {
    "spreadsheet": (
        "master_spreadsheet_update.csv",
        "master_spreadsheet*.csv",
        "*/master_spreadsheet_update.csv",
        "*/master_spreadsheet*.csv",
    ),
}
WORDS = {
    "No Finding": "no_finding",
    "Enlarged Cardiomediastinum": "enlarged_cardiomediastinum",
    "Cardiomegaly": "cardiomegaly",
    "Lung Lesion": "lung_lesion",
    "Lung Opacity": "lung_opacity",
    "Edema": "edema",
    "Consolidation": "consolidation",
    "Pneumonia": "pneumonia",
    "Atelectasis": "atelectasis",
    "Pneumothorax": "pneumothorax",
    "Pleural Effusion": "effusion",
    "Pleural Other": "pleural_other",
    "Fracture": "fracture",
    "Support Devices": "support_devices",
}
EXPECTED = {"images": 40_967}

PARTS = 4  # of a path: patient, study, series, image
RASTER = {".png", ".jpg", ".jpeg"}


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a user may choose."""

    no_finding_denies: bool = False  # blanks are 0 where `No Finding` is 1


def facts(source: Source) -> Facts:
    """Return who and what each picture is.

    Raises:
        InputError: if the table is damaged or lists none of the files.
    """
    path = answers.needed(source, TABLES["spreadsheet"])
    table = read_table(path)
    image = column(table, "DicomPath", path).map(_image)
    names = image.str.rpartition("/")[2]
    view = column(table, "ViewPosition", path).replace({"L": "LATERAL"})
    years = column(table, "PatientAge", path).str.extract(r"^\D*(\d+)", expand=False)
    frame = answers.facts(
        _files(table, path, source),
        path.name,
        image_name=names.mask(names.duplicated(keep=False)),
        patient=column(table, "PatientID", path),
        study=image.str.split("/").str[1],
        view_position=view.map(person.view_position),
        sex=column(table, "PatientSex", path).map(person.sex),
        age_years=ages(years.fillna("")),
    )
    return Facts(frame=frame, patients="table")


def said(source: Source) -> pd.DataFrame:
    """Return 1, 0, -1 (uncertain) or NaN (not mentioned) for each finding.

    Raises:
        InputError: as `facts` does, and if a cell or an option is odd.
    """
    options = Options(**source.options)
    path = answers.needed(source, TABLES["spreadsheet"])
    table = read_table(path)
    found = answers.in_columns(table, WORDS, path)
    if options.no_finding_denies:
        found = answers.denied(found, but=["support_devices"])
    return answers.said(_files(table, path, source), found, path.name)


def _files(table: pd.DataFrame, path: Path, source: Source) -> "pd.Series[str]":
    """Return the DICOM file of each row, or else its PNG."""
    there = source.files["path"].tolist()
    dicom = {_image(file) for file in there if not _is_raster(file)}
    asked = column(table, "DicomPath", path).map(_image)
    png = column(table, "PngPath", path).map(_image)
    asked = asked.where(asked.isin(dicom), png)

    def key(file: str) -> str:
        name = _image(file)
        return "" if _is_raster(file) and name in dicom else name

    return by_key(asked, source, key)


def _image(path: str) -> str:
    """Return patient, study, series and image of a path."""
    return "/".join(bare(PurePosixPath(path)).parts[-PARTS:])


def _is_raster(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in RASTER

"""NIH ChestX-ray14: 112,120 frontal radiographs of 30,805 patients, as PNG files.

Wang et al. 2017, "ChestX-ray8: Hospital-scale Chest X-ray Database and Benchmarks",
https://arxiv.org/abs/1705.02315; https://nihcc.app.box.com/v/ChestXray-NIHCC. Terms:
free use; the NIH asks to be named and the paper to be cited. Counts were taken from
the real table and lists.

The labels were mined from reports that are not public, and are often wrong (Oakden-
Rayner 2019, https://arxiv.org/abs/1907.12720). A report's findings are listed
exhaustively: what is listed is present, all else is absent. Nothing is uncertain.

Traps:
    The commas in `OriginalImage[Width,Height]` split its column; some copies end each
    line in one more comma; some say `Patient Sex` for `Patient Gender`.
    `train_val_list.txt` knows no validation: its images are `train`.
    Ages beyond 120 years in the table of 2017 are unknown; that of 2020 has none.
    About 519 pictures are RGBA.
    RSNA Pneumonia, SIIM-ACR, ChestX-Det and the negatives of COVIDx are these images;
    adapters that know NIH's patients give their number without leading zeros.
"""

import pandas as pd

from workflow_scripts.ingest import person
from workflow_scripts.ingest.datasets import Facts, Source
from workflow_scripts.ingest.publishers import answers
from workflow_scripts.ingest.publishers.label_table import ages, column, read_table
from workflow_scripts.ingest.publishers.matching import by_stem, stem

TABLES = {
    "data_entry": (
        "Data_Entry_2017_v2020.csv",
        "Data_Entry_2017*.csv",
        "*/Data_Entry_2017_v2020.csv",
        "*/Data_Entry_2017*.csv",
    ),
}
OPTIONAL = {
    "train_val_list": ("train_val_list*.txt", "*/train_val_list*.txt"),
    "test_list": ("test_list*.txt", "*/test_list*.txt"),
}
WORDS = {
    "Atelectasis": "atelectasis",
    "Cardiomegaly": "cardiomegaly",
    "Consolidation": "consolidation",
    "Edema": "edema",
    "Effusion": "effusion",
    "Emphysema": "emphysema",
    "Fibrosis": "fibrosis",
    "Hernia": "hernia",
    "Infiltration": "infiltration",
    "Mass": "mass",
    "No Finding": "no_finding",
    "Nodule": "nodule",
    "Pleural_Thickening": "pleural_thickening",
    "Pneumonia": "pneumonia",
    "Pneumothorax": "pneumothorax",
}
EXPECTED = {"images": 112_120, "patients": 30_805}
SITE = "nih_clinical_center"

SPLITS = {"train_val_list": "train", "test_list": "test"}
NAME = "Image Index"
WHO = (NAME, "Patient ID", "Patient Age", "View Position")
SEX = ("Patient Gender", "Patient Sex")  # whichever is there


def facts(source: Source) -> Facts:
    """Return who each picture is of, and the official split where its lists are there.

    Raises:
        InputError: if the table is damaged or lists none of the files.
    """
    path = answers.needed(source, TABLES["data_entry"])
    table = read_table(path, columns=[*WHO, *SEX], ragged=True)
    sex = SEX[0] if SEX[0] in table.columns else SEX[1]
    files = column(table, NAME, path)
    names = files.map(stem)
    view = column(table, "View Position", path)
    frame = answers.facts(
        by_stem(files, source),
        path.name,
        image_name=names,
        patient=column(table, "Patient ID", path).str.lstrip("0"),
        view_position=view.map(person.view_position),
        sex=column(table, sex, path).map(person.sex),
        age_years=ages(column(table, "Patient Age", path)),
        official_split=names.map(_splits(source)),
    )
    return Facts(frame=frame, patients="table")


def said(source: Source) -> pd.DataFrame:
    """Return 1 for each finding that is listed, 0 for all others.

    Raises:
        InputError: as `facts` does.
    """
    path = answers.needed(source, TABLES["data_entry"])
    table = read_table(path, columns=[NAME, "Finding Labels"], ragged=True)
    cells = column(table, "Finding Labels", path)
    found = answers.listed(cells.mask(cells == "").str.split("|"), WORDS)
    found = found.mask(cells == "")
    files = by_stem(column(table, NAME, path), source)
    return answers.said(files, found, path.name)


def _splits(source: Source) -> dict[str, str]:
    """Return the split of each picture that the publisher's lists name."""
    found: dict[str, str] = {}
    for name, split in SPLITS.items():
        if path := source.table(OPTIONAL[name]):
            listed = read_table(path, names=[NAME])[NAME]
            found |= dict.fromkeys(listed.map(stem), split)
    return found

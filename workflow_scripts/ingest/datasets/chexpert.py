"""CheXpert v1.0: 224,316 radiographs of 65,240 patients of Stanford Hospital, as JPEG.

Irvin et al. 2019, "CheXpert: A Large Chest Radiograph Dataset with Uncertainty Labels
and Expert Comparison", https://arxiv.org/abs/1901.07031. Stanford University Dataset
Research Use Agreement: nothing of it may be passed on. Images were counted in the real
tables, and patients in that of train; others are the paper's: train 223,414 images of
64,540 patients, validation 234 of 200, test 668 of 500 (published later, and not among
what is expected).

Labels of `train` were mined from the reports of a study and stand at each of its
images: 1, 0, -1 uncertain, blank not mentioned. -1 outnumbers 1 for atelectasis,
consolidation and pneumonia: the task's policy for uncertain labels decides. Those of
`valid` and `test` are radiologists', 0 or 1 only. A blank is unknown here, not absent;
but the labeler gives `No Finding` only where it found nothing but support devices, so
that `options: {no_finding_denies: true}` takes such a study's blanks for 0.

Traps:
    Paths begin with `CheXpert-v1.0/` or `CheXpert-v1.0-small/`, the originals lie in
    `CheXpert-v1.0 batch 2 (train 1)/patient...`: patient, study and view name a file,
    as no patient is in two splits. Small and full must not lie below one root.
    Age 0 is unknown (3 images), 90 is 90 or more; one Sex is Unknown.
    17 images that are called Frontal are LL or RL by `AP/PA`, and count as lateral.
    `test_labels.csv` knows neither sex, age nor AP/PA.
"""

import re
from dataclasses import dataclass

import pandas as pd

from workflow_scripts.ingest import person
from workflow_scripts.ingest.datasets import Facts, Source
from workflow_scripts.ingest.publishers import answers
from workflow_scripts.ingest.publishers.label_table import ages, column, read_table
from workflow_scripts.ingest.publishers.matching import by_key

TABLES = {
    "train": (
        "train.csv",
        "CheXpert-v1.0*/train.csv",
        "*/train.csv",
        "*/CheXpert-v1.0 batch 1*/train.csv",
    ),
}
OPTIONAL = {
    "valid": (
        "valid.csv",
        "CheXpert-v1.0*/valid.csv",
        "*/valid.csv",
        "*/CheXpert-v1.0 batch 1*/valid.csv",
    ),
    "test": (
        "test_labels.csv",
        "CheXpert*/test_labels.csv",
        "*/test_labels.csv",
    ),
}
WORDS = {
    "No Finding": "no_finding",
    "Enlarged Cardiomediastinum": "enlarged_cardiomediastinum",
    "Cardiomegaly": "cardiomegaly",
    "Lung Opacity": "lung_opacity",
    "Lung Lesion": "lung_lesion",
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
EXPECTED = {"images": 223_648, "patients": 64_740}  # train and valid

SAYS = ["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA"]
SPLITS = {"train": "train", "valid": "validation", "test": "test"}
IMAGE = re.compile(
    r"(?P<patient>patient\d+)/(?P<study>study\d+)/(?P<view>view\d+_[a-z]+)"
)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a user may choose."""

    no_finding_denies: bool = False  # blanks are 0 where `No Finding` is 1


def facts(source: Source) -> Facts:
    """Return who and what each picture is.

    Raises:
        InputError: if a table is damaged or lists none of the files.
    """
    rows = _rows(source)
    study = rows["patient"] + "/" + rows["study"]
    lateral = rows["view"].str.endswith("lateral")
    lateral |= rows["Frontal/Lateral"] == "Lateral"
    view = rows["AP/PA"].map(person.view_position)
    frame = answers.facts(
        rows["file_id"],
        "tables",
        image_name=rows["part"] + "/" + study + "/" + rows["view"],
        patient=rows["patient"],
        study=study,
        view_position=view.mask(lateral, "LATERAL"),
        sex=rows["Sex"].map(person.sex),
        age_years=ages(rows["Age"].replace(["0", "0.0"], "")),
        official_split=rows["part"].map(SPLITS),
    )
    return Facts(frame=frame, patients="table")


def said(source: Source) -> pd.DataFrame:
    """Return 1, 0, -1 (uncertain) or NaN (not mentioned) for each finding.

    Raises:
        InputError: as `facts` does, and if a cell or an option is odd.
    """
    options = Options(**source.options)
    rows = _rows(source)
    found = rows[list(WORDS.values())]
    if options.no_finding_denies:
        found = answers.denied(found, but=["support_devices"])
    return answers.said(rows["file_id"], found, rows["table"])


def _rows(source: Source) -> pd.DataFrame:
    """Return the rows of all tables, and what each one's path tells.

    A text that a table does not tell is blank, and a finding NaN.
    """
    answers.needed(source, TABLES["train"])
    tables = []
    for part, patterns in (TABLES | OPTIONAL).items():
        if path := source.table(patterns):
            table = read_table(path)
            names = column(table, "Path", path)
            told = names.str.extract(IMAGE).fillna("")
            told["file_id"] = by_key(names.map(_name), source, _name)
            told[SAYS] = table.reindex(columns=SAYS, fill_value="")
            found = answers.in_columns(table, WORDS, path)
            found = found.reindex(columns=list(WORDS.values()))
            told = told.assign(part=part, table=path.name)
            tables.append(pd.concat([told, found], axis="columns"))
    return pd.concat(tables, ignore_index=True)


def _name(path: str) -> str:
    """Return patient, study and view of a path, "" if it is no path of CheXpert's."""
    found = IMAGE.search(path)
    return found[0] if found else ""

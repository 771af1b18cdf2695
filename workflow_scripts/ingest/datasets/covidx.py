"""COVIDx CXR: a benchmark that gathers radiographs from many public sets.

Wang, Lin, Wong 2020, "COVID-Net", Scientific Reports 10:19549,
https://doi.org/10.1038/s41598-020-76550-z; CXR-4: Wu et al. 2023,
https://arxiv.org/abs/2311.17677; from Kaggle (andyczhao/covidx-cxr2, which holds later
versions too). Terms: those of each source (RSNA, RICORD, BIMCV, Cohen, ...), research
at best. CXR-3: 29,986 and 400 images; CXR-4: 67,863, 8,473 and 8,482. As the counts
depend on the version, none is expected.

Versions A say normal, pneumonia (not COVID-19) or COVID-19; versions B negative or
positive, where negative may be any other disease. COVID-19 is a laboratory's word: the
picture may show pneumonia or nothing, and both stay open.

Traps:
    The lists `train.txt`, `val.txt`, `test.txt` have no header; their cells stand
    between spaces: patient, file, class, source (old versions have no source). Files
    lie below the list's name and are looked for there.
    Patient numbers are each source's own: a patient here begins with the source.
    Source and label go together (nearly all of RSNA is negative): a model may tell the
    hospital.
    Negatives from `rsna` are the RSNA challenge's, thus NIH ChestX-ray14's images, and
    their "patient" is one image: never pretrain on those and test here.
    Source `cohen` is the set of `covid_chestxray`: SITE and patient say so.
"""

import logging

import pandas as pd

from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest import person
from workflow_scripts.ingest.datasets import Facts, Source
from workflow_scripts.ingest.publishers import answers
from workflow_scripts.ingest.publishers.label_table import SPLITS
from workflow_scripts.ingest.publishers.matching import by_tail

TABLES = {
    "train": ("train.txt", "*/train.txt", "train_COVIDx*.txt", "*/train_COVIDx*.txt"),
}
OPTIONAL = {
    "val": ("val.txt", "*/val.txt", "val_COVIDx*.txt", "*/val_COVIDx*.txt"),
    "test": ("test.txt", "*/test.txt", "test_COVIDx*.txt", "*/test_COVIDx*.txt"),
}
SITE = "covid_chestxray"
WORDS = {
    "COVID-19": "covid_19",
    "positive": "covid_19",
    "pneumonia": "pneumonia",
    "normal": "no_finding",
}
EXPECTED: dict[str, int] = {}

VALUES = {
    "COVID-19": {"covid_19": 1},
    "positive": {"covid_19": 1},
    "negative": {"covid_19": 0},
    "pneumonia": {"covid_19": 0, "pneumonia": 1, "no_finding": 0},
    "normal": {"covid_19": 0, "pneumonia": 0, "no_finding": 1},
}

log = logging.getLogger(__name__)


def facts(source: Source) -> Facts:
    """Return patients and official parts.

    Raises:
        InputError: if no line of the lists matches any file.
    """
    rows = _rows(source)
    frame = answers.facts(
        rows["file_id"],
        "lists",
        image_name=rows["image_name"],
        patient=rows["patient"],
        official_split=rows["part"].map(SPLITS),
    )
    return Facts(frame=frame, patients="table")


def said(source: Source) -> pd.DataFrame:
    """Return each picture's class, as findings.

    Raises:
        InputError: as `facts` does.
    """
    rows = _rows(source)
    if odd := int((~rows["word"].isin(list(VALUES))).sum()):
        log.warning("lists: %d lines name a class that is not known here", odd)
    frames = [
        rows[rows["word"] == word][["file_id", "source"]].assign(
            finding=name, value=value
        )
        for word, values in VALUES.items()
        for name, value in values.items()
    ]
    return pd.concat(frames)


def _rows(source: Source) -> pd.DataFrame:
    """Return the lines that match a file: `file_id`, and as `_line` does."""
    lines = [
        {**told, "part": part, "source": path.name}
        for part, patterns in {**TABLES, **OPTIONAL}.items()
        if (path := source.table(patterns))
        for line in path.read_text("utf-8", errors="replace").splitlines()
        if (told := _line(line))
    ]
    if not lines:
        raise InputError("covidx: the lists hold no line of three or four cells")
    rows = pd.DataFrame(lines)
    rows["image_name"] = rows["part"] + "/" + rows["image_name"]
    rows["file_id"] = by_tail(rows["image_name"], source, 2)
    return answers.undisputed(rows, "lists")


def _line(line: str) -> dict[str, str] | None:
    """Return patient, image_name and word of one line, None if it is too short.

    Names may hold spaces.
    """
    cells = line.split()
    if len(cells) < 3:
        return None
    origin = "" if cells[-1] in VALUES else cells.pop()
    patient, *name, word = cells
    if origin and not person.placeholder(patient):
        patient = f"{origin} {patient}"
    return {"patient": patient, "image_name": " ".join(name), "word": word}

"""JSRT database: chest films with one lung nodule, or none.

Shiraishi et al. 2000, "Development of a digital image database for chest radiographs
with and without a lung nodule", American Journal of Roentgenology 174(1):71,
https://doi.org/10.2214/ajr.174.1.1740071; http://db.jsrt.or.jp/eng.php; lungs drawn by
hand, mask source `scr`: van Ginneken et al. 2006, Medical Image Analysis 10(1):19.
Terms: for research, after registration at the Japanese Society of Radiological
Technology; the drawings for research and education.

247 PA films of 247 people from 14 hospitals: 154 with just one nodule (100 malignant,
54 benign, told in the table, not read here), 93 with none. The label is the file's
name, JPCLN with, JPCNN without nodule. A film without nodule may show something else:
no finding is not claimed.

Traps:
    Scanned to headerless 2048 x 2048 pixels of 12 bits, high byte first, stored with
    large values dark (all loaders that were read turn them).
    `CLNDAT_EN.txt` and `CNNDAT_EN.TXT` tell age and sex. They are not UTF-8, end lines
    as old Macs did, and in some copies run one record into the next: names are looked
    for, not lines. Some ages are `?`.
    SCR's folders fold1 and fold2 (odd and even numbers) are no official split.
"""

import math
import re

import pandas as pd

from workflow_scripts.ingest import person
from workflow_scripts.ingest.datasets import Facts, Source
from workflow_scripts.ingest.publishers import answers

TABLES: dict[str, tuple[str, ...]] = {}
OPTIONAL = {
    "with nodule": (
        "CLNDAT_EN.txt",
        "CLNDAT_EN.TXT",
        "*/CLNDAT_EN.txt",
        "*/CLNDAT_EN.TXT",
        "*/*/CLNDAT_EN.txt",
    ),
    "without nodule": (
        "CNNDAT_EN.TXT",
        "CNNDAT_EN.txt",
        "*/CNNDAT_EN.TXT",
        "*/CNNDAT_EN.txt",
        "*/*/CNNDAT_EN.TXT",
    ),
}
MASKS = ("fold[12]", "*/fold[12]", "*/*/fold[12]")
RAW = {
    "suffix": ".IMG",
    "rows": 2048,
    "columns": 2048,
    "dtype": ">u2",
    "bits": 12,
    "inverted": True,
}
WORDS = {"JPCLN": "nodule"}
EXPECTED = {"images": 247, "patients": 247}

NAME = (
    r"^(?!(?:.*/)?fold[12]/)(?:.*/)?"
    r"(?P<stem>(?P<word>JPC[LN]N)\d{3})\.(?i:img|png|jpe?g|dcm)$"
)
EXAMPLE = "JPCLN001.IMG"
RECORD = re.compile(r"(JPC[LN]N\d{3})\.IMG(.*?)(?=JPC[LN]N\d{3}\.IMG|\Z)", re.DOTALL)
PERSON = re.compile(r"(\S+)\s+(male|female)\b", re.IGNORECASE)


def facts(source: Source) -> Facts:
    """Return the people behind the films.

    Raises:
        InputError: if no file has a name of this set.
    """
    files = answers.named(source, NAME, EXAMPLE)
    people = files["stem"].map(_people(source))
    frame = answers.facts(
        files["file_id"],
        "file names",
        image_name=files["stem"],
        patient=files["stem"],
        view_position="PA",
        sex=people.map(lambda one: one[0], na_action="ignore"),
        age_years=people.map(lambda one: one[1], na_action="ignore"),
    )
    return Facts(frame=frame, patients="table")


def said(source: Source) -> pd.DataFrame:
    """Return what each film's name tells.

    Raises:
        InputError: as `facts` does.
    """
    files = answers.named(source, NAME, EXAMPLE)
    word = files["word"].mask(files["word"] == "JPCNN")  # without a nodule
    found = answers.listed(word, WORDS)
    return answers.said(files["file_id"], found, "file name")


def _people(source: Source) -> dict[str, tuple[str | None, float]]:
    """Return sex and age in years on each stem."""
    tables = [source.table(patterns) for patterns in OPTIONAL.values()]
    texts = [table.read_text("latin-1") for table in tables if table]
    return {
        stem: _person(rest) for text in texts for stem, rest in RECORD.findall(text)
    }


def _person(record: str) -> tuple[str | None, float]:
    found = PERSON.search(record)
    if not found:
        return None, math.nan
    return person.sex(found[2]), person.years(found[1])

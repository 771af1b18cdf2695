"""Montgomery County chest X-ray set: tuberculosis screening, with lungs drawn by hand.

Jaeger et al. 2014, "Two public chest X-ray datasets for computer-aided screening of
pulmonary diseases", Quantitative Imaging in Medicine and Surgery 4(6):475,
https://pubmed.ncbi.nlm.nih.gov/25525580/; masks: Candemir et al. 2014, IEEE
Transactions on Medical Imaging 33(2):577. Terms: for research, from the
U.S. National Library of Medicine (NLM); whoever publishes cites both papers and thanks
NLM and the county.

138 PA images (PNG, about 4020 x 4892 pixels, either way up) of 138 people: 80 normal,
58 with manifestations of tuberculosis, some of them inactive. The label is the end of
the file's name, `_0` normal and `_1` tuberculosis.

Traps:
    Masks below `ManualMask` bear the pictures' names.
    No patient id exists: each image is one person.
    `ClinicalReadings/STEM.txt` tells sex and age, in another format than Shenzhen's.
    TBX11K's folder `extra` holds these images too.
"""

import re

import pandas as pd

from workflow_scripts.ingest import person
from workflow_scripts.ingest.datasets import Facts, Source
from workflow_scripts.ingest.publishers import answers

TABLES: dict[str, tuple[str, ...]] = {}
OPTIONAL = {
    "readings": ("ClinicalReadings", "*/ClinicalReadings", "*/*/ClinicalReadings"),
}
MASKS = (
    "ManualMask",
    "*/ManualMask",
    "*/*/ManualMask",
    "masks",
    "*/masks",
    "*/*/masks",
)
WORDS = {"0": "no_finding", "1": "tuberculosis"}
EXPECTED = {"images": 138, "patients": 138}

NAME = (
    r"^(?!(?:.*/)?(?:ManualMask|leftMask|rightMask|masks?)/)(?:.*/)?"
    r"(?P<stem>MCUCXR_\d{4}_(?P<word>[01]))\.(?i:png|jpe?g|dcm)$"
)
EXAMPLE = "MCUCXR_0001_0.png"
SEX = re.compile(r"\bSex:\s*([A-Z]+)", re.IGNORECASE)
AGE = re.compile(r"\bAge:\s*(\w+)", re.IGNORECASE)


def facts(source: Source) -> Facts:
    """Return the people behind the pictures.

    Raises:
        InputError: if no file has a name of this set.
    """
    files = answers.named(source, NAME, EXAMPLE)
    readings = files["stem"].map(_readings(source)).fillna("")
    frame = answers.facts(
        files["file_id"],
        "file names",
        image_name=files["stem"],
        patient=files["stem"],
        view_position="PA",
        sex=readings.map(lambda text: person.sex(_first(SEX, text))),
        age_years=readings.map(lambda text: person.years(_first(AGE, text))),
    )
    return Facts(frame=frame, patients="table")


def said(source: Source) -> pd.DataFrame:
    """Return what the end of each picture's name tells.

    Raises:
        InputError: as `facts` does.
    """
    files = answers.named(source, NAME, EXAMPLE)
    found = answers.listed(files["word"], WORDS)
    return answers.said(files["file_id"], found, "file name")


def _readings(source: Source) -> dict[str, str]:
    """Return the text on each stem."""
    folder = source.table(OPTIONAL["readings"])
    texts = sorted(folder.glob("MCUCXR_*.txt")) if folder else []
    return {path.stem: path.read_text("utf-8", errors="replace") for path in texts}


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""

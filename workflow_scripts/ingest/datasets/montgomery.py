"""Montgomery County chest X-ray set: tuberculosis screening, with lungs drawn by hand.

Jaeger et al. 2014, "Two public chest X-ray datasets for computer-aided screening of
pulmonary diseases", Quant Imaging Med Surg 4(6):475-477,
https://pubmed.ncbi.nlm.nih.gov/25525580/; masks: Candemir et al. 2014, IEEE Trans Med
Imaging 33(2):577-590. From the U.S. National Library of Medicine (NLM), for research;
whoever publishes cites both papers and thanks NLM and Montgomery County.

138 PA images (PNG, about 4020 x 4892 pixels, either way up) of 138 people: 80 normal,
58 with manifestations of tuberculosis, some of them inactive.

Traps: the label is the end of the file's name, `_0` normal and `_1` tuberculosis. Masks
below `ManualMask` bear the pictures' names. No patient id: each image is one person.
`ClinicalReadings/STEM.txt` tells sex and age, in another format than Shenzhen's.
TBX11K's folder `extra` holds these images too.
"""

import re

import pandas as pd

from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest import person
from workflow_scripts.ingest.datasets import FACTS, Facts, Source

TABLES: dict[str, tuple[str, ...]] = {}
OPTIONAL: dict[str, tuple[str, ...]] = {
    "readings": ("ClinicalReadings", "*/ClinicalReadings", "*/*/ClinicalReadings"),
}
MASKS: tuple[str, ...] = (
    "ManualMask",
    "*/ManualMask",
    "*/*/ManualMask",
    "masks",
    "*/masks",
    "*/*/masks",
)
WORDS: dict[str, str] = {"0": "no_finding", "1": "tuberculosis"}
EXPECTED: dict[str, int] = {"images": 138, "patients": 138}

NAME = (
    r"^(?!(?:.*/)?(?:ManualMask|leftMask|rightMask|masks?)/)(?:.*/)?"
    r"(?P<stem>MCUCXR_\d{4}_(?P<word>[01]))\.(?i:png|jpe?g|dcm)$"
)
SEX = re.compile(r"\bSex:\s*([A-Z]+)", re.IGNORECASE)
AGE = re.compile(r"\bAge:\s*(\w+)", re.IGNORECASE)


def facts(source: Source) -> Facts:
    """Return the people behind the pictures.

    Raises:
        InputError: if no file has a name of this set.
    """
    files = _pictures(source)
    readings = files["stem"].map(_readings(source)).fillna("")
    known = files.assign(
        image_name=files["stem"],
        patient=files["stem"],
        view_position="PA",
        sex=readings.map(lambda text: person.sex(_first(SEX, text))),
        age_years=readings.map(lambda text: person.years(_first(AGE, text))),
    )
    return Facts(frame=known.reindex(columns=list(FACTS.columns)), patients="table")


def said(source: Source) -> pd.DataFrame:
    """Return what the end of each picture's name tells.

    Raises:
        InputError: as `facts` does.
    """
    files = _pictures(source)
    frames = [
        files[["file_id"]].assign(
            finding=finding, value=(files["word"] == word).astype("float64")
        )
        for word, finding in WORDS.items()
    ]
    return pd.concat(frames).assign(source="file name")


def _pictures(source: Source) -> pd.DataFrame:
    """Return `file_id`, `stem` and `word` of each picture."""
    told = source.files["path"].str.extract(NAME)
    files = source.files[["file_id"]].join(told).dropna(subset="stem")
    if files.empty:
        raise InputError("montgomery: no file is called MCUCXR_dddd_d below the root")
    return files


def _readings(source: Source) -> dict[str, str]:
    """Return the text on each stem."""
    folder = source.table(OPTIONAL["readings"])
    texts = sorted(folder.glob("MCUCXR_*.txt")) if folder else []
    return {path.stem: path.read_text("utf-8", errors="replace") for path in texts}


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""

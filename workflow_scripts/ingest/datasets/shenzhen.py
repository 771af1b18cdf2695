"""Shenzhen Hospital chest X-ray set: outpatients with and without tuberculosis.

Jaeger et al. 2014, "Two public chest X-ray datasets for computer-aided screening of
pulmonary diseases", Quantitative Imaging in Medicine and Surgery 4(6):475,
https://pubmed.ncbi.nlm.nih.gov/25525580/; lung masks of 566 images, a release of its
own: Stirenko et al. 2018, https://arxiv.org/abs/1803.01199. Terms: for research, from
the U.S. National Library of Medicine (NLM); whoever publishes cites the paper and
thanks NLM and the hospital.

662 frontal images (PNG, about 3000 x 3000 pixels, some with a palette) of 662 people:
326 normal, 336 with manifestations of tuberculosis. The label is the end of the file's
name, `_0` normal and `_1` tuberculosis.

Traps:
    No patient id exists: each image is one person.
    PA, but for an unknown number of children taken AP, whose view is left open.
    `ClinicalReadings/STEM.txt` starts with sex and age as typed: `male 45yrs`,
    `Female, 28yrs`, `femal 32yrs`, `male 16month`, `female 64days`. Some texts go on
    with those of others: only the first counts.
    `Annotations-2` (Yang et al. 2022) draws findings, not lungs.
    TBX11K's folder `extra` holds these images too.
"""

import math
import re

import pandas as pd

from workflow_scripts.ingest import person
from workflow_scripts.ingest.datasets import Facts, Source
from workflow_scripts.ingest.publishers import answers
from workflow_scripts.ingest.scope import ADULT

TABLES: dict[str, tuple[str, ...]] = {}
OPTIONAL = {
    "readings": ("ClinicalReadings", "*/ClinicalReadings", "*/*/ClinicalReadings"),
}
MASKS = (
    "mask",
    "*/mask",
    "masks",
    "*/masks",
    "*/*/masks",
    "Annotations*",
    "*/Annotations*",
)
WORDS = {"0": "no_finding", "1": "tuberculosis"}
EXPECTED = {"images": 662, "patients": 662}

NAME = (
    r"^(?!(?:.*/)?(?:masks?|Annotations[^/]*)/)(?:.*/)?"
    r"(?P<stem>CHNCXR_\d{4}_(?P<word>[01]))\.(?i:png|jpe?g|dcm)$"
)
EXAMPLE = "CHNCXR_0001_0.png"
PERSON = re.compile(r"\b(fe)?male?\b[\s,.]*(\d{1,3})\s*([ymwd]?)", re.IGNORECASE)


def facts(source: Source) -> Facts:
    """Return the people behind the pictures.

    Raises:
        InputError: if no file has a name of this set.
    """
    files = answers.named(source, NAME, EXAMPLE)
    people = files["stem"].map(_people(source))
    ages = people.map(lambda one: one[1], na_action="ignore").astype("float64")
    frame = answers.facts(
        files["file_id"],
        "file names",
        image_name=files["stem"],
        patient=files["stem"],
        sex=people.map(lambda one: one[0], na_action="ignore"),
        age_years=ages,
        view_position=pd.Series("PA", files.index).mask(ages < ADULT),
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


def _people(source: Source) -> dict[str, tuple[str | None, float]]:
    """Return sex and age in years on each stem."""
    folder = source.table(OPTIONAL["readings"])
    texts = sorted(folder.glob("CHNCXR_*.txt")) if folder else []
    return {
        path.stem: _person(path.read_text("utf-8", errors="replace")) for path in texts
    }


def _person(text: str) -> tuple[str | None, float]:
    found = PERSON.search(text)
    if not found:
        return None, math.nan
    return "F" if found[1] else "M", person.years(found[2] + found[3])

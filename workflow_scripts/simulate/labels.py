"""The label table of a cohort: what a reader would have written, and the truth."""

import numpy as np

from workflow_scripts.simulate.people import FINDINGS, Person
from workflow_scripts.simulate.sites import Site
from workflow_scripts.simulate.studies import Study

COLUMNS = (
    "image",
    "patient",
    "study",
    "view",
    "sex",
    "age",
    *FINDINGS,
    *(f"{finding}_severity" for finding in FINDINGS),
)
SUBTLE = 0.06  # severity under which half of the labels are uncertain
UNKNOWN = 0.02  # share of labels nobody wrote


def study_row(
    rng: np.random.Generator, person: Person, study: Study, site: Site
) -> dict[str, object]:
    """Return what the table says about every image of one study.

    Labels are 1 present, 0 absent, -1 uncertain, blank unknown. Severities lie in
    [0, 1] and are never blank.
    """
    row: dict[str, object] = {
        "patient": f"{site.prefix}{person.number:06d}",
        "study": study.number,
        "sex": person.sex,
        "age": person.age_years,
    }
    chances = rng.random((2, len(FINDINGS)))
    for index, (finding, severity) in enumerate(
        zip(FINDINGS, study.severities, strict=True)
    ):
        label: int | str = int(severity > 0)
        if 0 < severity < SUBTLE and chances[0, index] < 0.5:
            label = -1
        row[finding] = "" if chances[1, index] < UNKNOWN else label
        row[f"{finding}_severity"] = f"{severity:.4f}"
    return row

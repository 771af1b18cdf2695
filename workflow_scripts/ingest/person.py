"""Bring what headers and tables say of a person and a view into closed vocabularies."""

import math
import re

OLDEST = 90.0  # years; older people are few enough to be known by their age
OLDEST_SANE = 120.0
UNITS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
AGE = re.compile(r"(\d{1,3}(?:\.\d+)?)([YMWD]?)")
SEXES = {"F": "F", "FEMALE": "F", "M": "M", "MALE": "M", "O": "O", "OTHER": "O"}
PLACEHOLDERS = {
    *("ANON", "ANONYM", "ANONYMISED", "ANONYMIZED", "ANONYMOUS", "DEIDENTIFIED"),
    *(
        "DEFAULT",
        "DUMMY",
        "EMPTY",
        "MISSING",
        "NA",
        "N/A",
        "NAN",
        "NIL",
        "NOID",
        "NONE",
    ),
    *("NULL", "PATIENT", "PATIENTID", "REMOVED", "TBD", "TEST", "UNBEKANNT"),
    *("UNDEFINED", "UNKNOWN", "UNNAMED", "XXX", "XXXX"),
}
# FRONTAL is no word of DICOM's, but of tables that do not tell PA from AP
FRONTAL = {"PA", "AP", "AP AXIAL", "AP LLD", "AP RLD", "PA LLD", "PA RLD", "FRONTAL"}
NOT_FRONTAL = {
    *("LL", "RL", "LATERAL", "XTABLE LATERAL", "LLD", "RLD", "LLO", "RLO"),
    *("LAO", "RAO", "LPO", "RPO", "SWIMMERS"),
}
FRONTAL_WORD = re.compile(r"\b(PA|AP|P\.A\.|A\.P\.|FRONTAL)\b", re.ASCII)
LATERAL_WORD = re.compile(r"\b(LAT|LATERAL|LL|SEITLICH)\b", re.ASCII)


def years(text: str) -> float:
    """Return an age in years; 90 for all who are older, NaN unless it is sane.

    Args:
        text: as in Patient's Age (0010,1010), `045Y`, `003M`, `003D`. A number alone
            counts years, as in the RSNA's files.
    """
    found = AGE.fullmatch(text.strip().upper())
    if not found:
        return math.nan
    age = float(found[1]) * UNITS[found[2] or "Y"]
    return min(age, OLDEST) if age <= OLDEST_SANE else math.nan


def sex(text: str) -> str | None:
    """Return F, M or O, or None where unknown."""
    return SEXES.get(text.strip().upper())


def view_position(text: str) -> str | None:
    """Return a View Position (0018,5101) of the closed list, or None."""
    known = " ".join(text.upper().replace("_", " ").split())
    return known if known in FRONTAL | NOT_FRONTAL else None


def described_view(text: str) -> str | None:
    """Return `frontal` or `lateral` if a free description says just one of them."""
    frontal = FRONTAL_WORD.search(text.upper())
    lateral = LATERAL_WORD.search(text.upper())
    if bool(frontal) == bool(lateral):
        return None
    return "frontal" if frontal else "lateral"


def placeholder(patient: str) -> bool:
    """Tell whether a trimmed patient id stands for nobody in particular.

    Zeros and punctuation alone are nobody too.
    """
    bare = patient.upper().strip(" ._-*?#<>()[]")
    return not bare.strip("0") or bare in PLACEHOLDERS

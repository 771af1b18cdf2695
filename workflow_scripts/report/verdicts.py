"""What one comparison shows, in words."""

import math
from typing import Any

from workflow_scripts.report.words import p_value, signed

SIGNIFICANT = 0.05
NOTHING = "no difference shown"
UNADJUSTED = "not shown after adjustment"

Row = dict[str, Any]


def verdict(row: Row) -> str:
    """Say in words what one comparison shows.

    Better or worse is said only where the interval leaves out 0 and p, adjusted for
    all tests of its family, is below 0.05.
    """
    if math.isnan(row["low"]) or row["low"] <= 0 <= row["high"]:
        return NOTHING
    word = "better" if row["difference"] > 0 else "worse"
    return word if row["p_adjusted"] < SIGNIFICANT else UNADJUSTED


def difference(row: Row) -> str:
    """Return a comparison in numbers: difference, interval and adjusted p."""
    return (
        f"{signed(row['difference'])} [{signed(row['low'])}, {signed(row['high'])}], "
        f"adjusted p {p_value(row['p_adjusted'])}"
    )


def plainly(row: Row, baseline: str) -> str:
    """Say what the comparison of the best encoder shows, in a sentence."""
    found = verdict(row)
    if found == "better":
        return f"So {row['encoder']} was better than {baseline} here."
    if found == "worse":
        encoder = row["encoder"]
        return f"So even the best of them lost: {encoder} was worse than {baseline}."
    if found == NOTHING:
        return "The interval includes 0: no difference was shown."
    return (
        "The interval alone leaves out 0, but among all tests that were made the "
        "difference could be chance: no difference was shown."
    )

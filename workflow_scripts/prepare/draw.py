"""Draw the patients whose labels may be used, at one budget."""

import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.prepare import (
    CLASSES,
    DRAWS,
    ORDER,
    PER_CLASS,
    budget_of,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Nothing to choose."""


def main(
    *, order: Input, classes: Input, budget: str, recipe: Recipe, draw: Output
) -> None:
    """Read the `order` of every draw, write its patients at `budget`."""
    placed = ORDER.read(order)
    label = budget_of(budget)
    if label.endswith(PER_CLASS):
        chosen = first_of_each(label, placed, CLASSES.read(classes))
    else:
        chosen = placed[placed["place"] < size(label, placed["patient_id"].nunique())]
        for number, patients in placed.groupby("draw"):
            n_patients = int((chosen["draw"] == number).sum())
            _refuse_small(label, n_patients, patients, order)
    counts = chosen["draw"].value_counts()
    log.info("%s: %d draws of up to %d patients", label, len(counts), counts.max())
    DRAWS.write(chosen[["draw", "patient_id"]].assign(budget=label), draw)


def size(budget: str, n_training: int) -> int:
    """Return how many of `n_training` patients `budget` is: "5%", or a count.

    Raises:
        InputError: if that is more than there are.
    """
    if budget.endswith("%"):
        return max(1, round(n_training * float(budget[:-1]) / 100))
    if int(budget) > n_training:
        raise InputError(
            f"sweep.labels: {budget} patients asked for, the training split has "
            f"{n_training}"
        )
    return int(budget)


def first_of_each(
    budget: str, placed: pd.DataFrame, classes: pd.DataFrame
) -> pd.DataFrame:
    """Return the first "8 per class" of `placed`: with, and without, each finding.

    Args:
        budget: how many.
        placed: the order of every draw.
        classes: how many there are of each.

    Raises:
        InputError: if that is more than there are of a class, or less than every
            budget must hold.
    """
    least = int(budget.removesuffix(PER_CLASS))
    for row in classes[classes["n_patients"] < least].itertuples():
        have = "have" if row.target == 1 else "do not have"
        raise InputError(
            f"sweep.labels: {budget}, but only {row.n_patients} training patients "
            f"{have} the finding {row.finding!r}: ask for fewer, or leave the finding "
            "out"
        )
    chosen = placed[placed["per_class"].le(least).fillna(value=False)]
    if n_missing := int((placed["needed"] & (placed["per_class"] > least)).sum()):
        raise InputError(
            f"sweep.labels: {budget} leaves out {n_missing} patients whom every budget "
            "must hold (sweep.least_patients): ask for more"
        )
    return chosen


def _refuse_small(
    label: str, n_patients: int, of_draw: pd.DataFrame, order: Path
) -> None:
    """Refuse a budget that ends before the last patient whom every budget needs."""
    head = of_draw[of_draw["needed"]]
    n_needed = int(head["place"].max()) + 1
    if n_patients >= n_needed:
        return
    draw = int(of_draw["draw"].iloc[0])
    why = (
        f"sweep.labels: {label} is {n_patients} patients; draw {draw} needs {n_needed} "
        "for every finding to be present and absent sweep.least_patients times"
    )
    if len(head) < n_needed:  # an order made afresh has them all at its head
        why += (
            f"; labels or images changed since it was made: delete {order} and "
            "remembered-*.parquet beside it to draw all patients afresh"
        )
    raise InputError(why)


if __name__ == "__main__":
    entry.run(main)

"""Bring the training patients into the order of each draw; a budget takes the first.

Budgets of one draw are nested by construction, whichever budgets there are. At the head
stand, for every finding, the first patients with it and without it, so that no budget
lacks a class; then all others, in the order of a keyed hash. An order once given stays:
new patients come after the last, so that who was drawn stays drawn.

A budget of k per class takes, for every finding, the first k patients in that order who
have it and the first k who have not. Who is among the first k is among the first k + 1,
so these budgets are nested in one another too.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables import Table
from workflow_scripts.core.tables.prepare import CLASSES, ORDER, TARGETS
from workflow_scripts.prepare import memory
from workflow_scripts.prepare.chance import chance

VERSION = 1  # raise it when who comes where is decided otherwise: all start afresh

ORDERED = Table(
    name="remembered",
    meaning="all patients who were ever in the order of a draw",
    key=("draw", "patient_id"),
    columns={name: ORDER.columns[name] for name in ("draw", "place", "patient_id")},
)

SHORT = {"patient_id": "category", "finding": "category"}  # numbers, not words

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How often is drawn, and what every budget holds (config.yaml: ``sweep``)."""

    draws: int
    least_patients: int  # with each finding, and as many without
    kind: str  # of the task; of a segmentation's images all have what is drawn
    seed: int


def main(*, development: Input, recipe: Recipe, order: Output, classes: Output) -> None:
    """Read the `development` targets, write the `order` of every draw."""
    targets = TARGETS.read(development)
    training = targets[targets["split"] == "train"]
    findings = sorted(training["finding"].unique())
    known = training[training["target"].isin([1, 0])]  # others are not sure
    known = known[["patient_id", "finding", "target"]].astype(SHORT).drop_duplicates()
    counts = known.groupby(["finding", "target"], observed=True).size()
    _refuse_rare(counts, findings, recipe)
    CLASSES.write(counts.reset_index(name="n_patients"), classes)
    path = _memory(training, findings, recipe, order)
    before = memory.recall(ORDERED, path).sort_values(["draw", "place"])
    patients = set(training["patient_id"].unique().tolist())
    kept, written = [before[before["draw"] >= recipe.draws]], []
    for draw in range(recipe.draws):
        old = before.loc[before["draw"] == draw, "patient_id"].tolist()
        every = ordered(patients, known, old, draw, recipe)
        kept.append(_table(every, draw))
        here = [patient for patient in every if patient in patients]
        table = _table(here, draw)
        table["per_class"] = table["patient_id"].map(per_class(here, known))
        needed = table["per_class"].le(recipe.least_patients).fillna(value=False)
        written.append(table.assign(needed=needed))
        n_old = len(patients.intersection(old))
        log.info("draw %d: %d as before, %d new", draw, n_old, len(patients) - n_old)
    memory.keep(ORDERED, pd.concat(kept, ignore_index=True), path)
    ORDER.write(pd.concat(written, ignore_index=True), order)


def ordered(
    patients: set[str], known: pd.DataFrame, old: list[str], draw: int, recipe: Recipe
) -> list[str]:
    """Return the patients in the order of a draw, those of an earlier order first.

    Args:
        patients: of the training split.
        known: patient_id, finding, target, each once; no NaN.
        old: the order that was given before; it may hold patients who are gone.
        draw: number of the draw.
        recipe: seed and size of the head.
    """
    if patients.isdisjoint(old):
        old = []  # other people under the dataset's name
    new = sorted(
        patients.difference(old),
        key=lambda patient: chance("draw", recipe.seed, draw, patient),
    )
    if old:
        return [*old, *new]
    among_first = per_class(new, known)
    head = set(among_first[among_first <= recipe.least_patients].index.tolist())
    return sorted(new, key=lambda patient: patient not in head)


def per_class(order: list[str], known: pd.DataFrame) -> "pd.Series[int]":
    """Return of each patient the least k, see `ORDER`; none of whom nothing is known.

    Args:
        order: all patients.
        known: as in `ordered`.
    """
    place = pd.Series(np.arange(len(order)), index=order)
    placed = known.assign(place=known["patient_id"].map(place).astype("int64"))
    in_order = placed.sort_values("place")
    number = in_order.groupby(["finding", "target"], observed=True).cumcount() + 1
    patients = in_order["patient_id"].astype("string")
    return number.groupby(patients).min().astype("Int64")


def _memory(
    training: pd.DataFrame, findings: list[str], recipe: Recipe, output: Path
) -> Path:
    """Return where the orders of this dataset, these findings and choices are kept.

    Of two datasets of a site, the patients of both would else be first in every draw.
    """
    return memory.place(
        output,
        version=VERSION,
        datasets=sorted(training["dataset"].unique()),
        findings=findings,
        seed=recipe.seed,
        least_patients=recipe.least_patients,
    )


def _table(order: list[str], draw: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"draw": draw, "place": np.arange(len(order)), "patient_id": order}
    )


def _refuse_rare(counts: "pd.Series[int]", findings: list[str], recipe: Recipe) -> None:
    """Refuse a finding that fewer than the least patients have, or have not."""
    least, drawn = recipe.least_patients, recipe.kind == "segmentation"
    for finding in findings:
        present, absent = (int(counts.get((finding, value), 0)) for value in (1, 0))
        if min(present, least if drawn else absent) < least:
            raise InputError(
                f"finding {finding!r}: {present} training patients with it, {absent} "
                f"without; every budget must hold {least} of each "
                "(sweep.least_patients): ask for fewer, or leave the finding out"
            )


if __name__ == "__main__":
    entry.run(main)

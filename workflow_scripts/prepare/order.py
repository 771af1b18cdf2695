"""Bring the training patients into the order of each draw; a budget takes the first.

Budgets of one draw are nested by construction, whichever budgets there are. At the head
stand, for every finding, the first patients with it and without it, so that no budget
lacks a class; then all others, in the order of a keyed hash. An order once given stays:
new patients come after the last, so that who was drawn stays drawn.
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
from workflow_scripts.core.tables.prepare import ORDER, TARGETS
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
    seed: int


def main(*, development: Input, recipe: Recipe, order: Output) -> None:
    """Read the `development` targets, write the `order` of every draw."""
    targets = TARGETS.read(development)
    training = targets[targets["split"] == "train"]
    findings = sorted(training["finding"].unique())
    known = training.dropna(subset="target")
    known = known[["patient_id", "finding", "target"]].astype(SHORT).drop_duplicates()
    _refuse_rare(known, findings, recipe.least_patients)
    path = _memory(training, findings, recipe, order)
    before = memory.recall(ORDERED, path).sort_values(["draw", "place"])
    patients = set(training["patient_id"].unique().tolist())
    kept, written = [before[before["draw"] >= recipe.draws]], []
    for draw in range(recipe.draws):
        old = before.loc[before["draw"] == draw, "patient_id"].tolist()
        every = ordered(patients, known, old, draw, recipe)
        kept.append(_table(every, draw))
        here = [patient for patient in every if patient in patients]
        first = needed(here, known, recipe.least_patients)
        table = _table(here, draw)
        written.append(table.assign(needed=table["patient_id"].isin(first)))
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
    head = needed(new, known, recipe.least_patients)
    return sorted(new, key=lambda patient: patient not in head)


def needed(order: list[str], known: pd.DataFrame, least: int) -> set[str]:
    """Return the first `least` patients with and without each finding.

    Args:
        order: all patients.
        known: as in `ordered`.
        least: how many.
    """
    place = pd.Series(np.arange(len(order)), index=order)
    placed = known.assign(place=known["patient_id"].map(place).astype("int64"))
    in_order = placed.sort_values("place")
    first = in_order.groupby(["finding", "target"], observed=True).head(least)
    return set(first["patient_id"].tolist())


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


def _refuse_rare(known: pd.DataFrame, findings: list[str], least: int) -> None:
    """Refuse a finding that fewer than `least` patients have, or have not."""
    counts = known.groupby(["finding", "target"], observed=True).size()
    for finding in findings:
        present, absent = (int(counts.get((finding, value), 0)) for value in (1, 0))
        if min(present, absent) < least:
            raise InputError(
                f"finding {finding!r}: {present} training patients with it, {absent} "
                f"without; every budget must hold {least} of each "
                "(sweep.least_patients): ask for fewer, or leave the finding out"
            )


if __name__ == "__main__":
    entry.run(main)

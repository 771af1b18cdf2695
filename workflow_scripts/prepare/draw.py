"""Draw the patients whose labels may be used, at one budget."""

import logging
from dataclasses import dataclass

import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.prepare import DRAWS, TARGETS, budget_of
from workflow_scripts.prepare.chance import chance

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How often is drawn (config.yaml: ``sweep``)."""

    draws: int
    seed: int


def main(*, development: Input, budget: str, recipe: Recipe, draw: Output) -> None:
    """Read the `development` targets, write the patients of every draw at `budget`."""
    targets = TARGETS.read(development)
    training = targets[targets["split"] == "train"]
    label = budget_of(budget)
    n_patients = size(label, training["patient_id"].nunique())
    parts = []
    for number in range(recipe.draws):
        order, n_needed = ordered(training, number, recipe.seed)
        if n_patients < n_needed:
            raise InputError(
                f"sweep.labels: {label} is {n_patients} patients; draw {number} needs "
                f"{n_needed} for every finding to be present once and absent once"
            )
        chosen = pd.DataFrame({"patient_id": order[:n_patients]})
        parts.append(chosen.assign(budget=label, draw=number))
    log.info("%s: %d patients, %d draws", label, n_patients, recipe.draws)
    DRAWS.write(pd.concat(parts, ignore_index=True), draw)


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


def ordered(training: pd.DataFrame, draw: int, seed: int) -> tuple[list[str], int]:
    """Return the training patients in the order of a draw; a budget takes the first.

    Budgets of one draw are nested by construction, whichever budgets there are. At
    the head stand, for every finding, the first patient with it and the first without,
    so that no budget lacks a class.

    Args:
        training: targets of the training split.
        draw: number of the draw.
        seed: of the config.

    Returns:
        All patients in order, and how many of them are the head.
    """
    patients = sorted(
        training["patient_id"].unique(),
        key=lambda patient: chance("draw", seed, draw, patient),
    )
    place = {patient: index for index, patient in enumerate(patients)}
    known = training.dropna(subset="target")
    first = known.assign(place=known["patient_id"].map(place))
    head = set(first.groupby(["finding", "target"])["place"].min())
    rest = [index for index in range(len(patients)) if index not in head]
    return [patients[index] for index in (*sorted(head), *rest)], len(head)


if __name__ == "__main__":
    entry.run(main)

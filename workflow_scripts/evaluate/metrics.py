"""Measure every classifier on the test images, and again on resampled patients.

The interval of one draw of labels says how much the test patients matter. That of all
draws together ("all") resamples the patients and, independently, the draws: what
would come out with other patients tested and other patients labelled.
"""

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.evaluate import METRICS
from workflow_scripts.core.tables.finetune import PREDICTIONS, SELECTION
from workflow_scripts.core.tables.prepare import LEAKAGE
from workflow_scripts.evaluate import statistics
from workflow_scripts.evaluate.cohort import Cohort, Fit, Floats, read_cohort
from workflow_scripts.evaluate.labels_used import LabelsUsed
from workflow_scripts.evaluate.measure import Tested, describe, measure
from workflow_scripts.evaluate.walls import refuse_leaks

FEW_PATIENTS = 60  # below, a nominal 95 % interval covers about 90 %

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What decides the numbers besides the predictions."""

    arms: list[list[str]]  # encoder and protocol, in the order of the predictions
    bootstrap: int  # resamples
    count_validation: bool  # labels that chose are labels that were used
    seed: int
    statistics: list[str]


def main(
    *,
    leakage: Input,
    predictions: Inputs,
    selections: Inputs,
    recipe: Recipe,
    metrics: Output,
    resamples: Output,
) -> None:
    """Write `metrics`, and in `resamples` its values again on each resample.

    `resamples` is float32 of shape (rows of metrics, resamples).
    """
    refuse_leaks(LEAKAGE.read(leakage))
    tables = [SELECTION.read(path) for path in selections]
    used = LabelsUsed(recipe.arms, tables, count_choosing=recipe.count_validation)
    measuring = Measuring(recipe, used)
    for (encoder, protocol), path in zip(recipe.arms, predictions, strict=True):
        measuring.add(encoder, protocol, PREDICTIONS.read(path))
        log.info("%s, %s: measured", encoder, protocol)
    METRICS.write(pd.DataFrame(measuring.rows), metrics)
    np.save(resamples, np.concatenate(measuring.resamples))


class Measuring:
    """The rows of metrics so far, and what they share."""

    def __init__(self, recipe: Recipe, used: LabelsUsed) -> None:
        """Begin with no rows."""
        self.recipe = recipe
        self.used = used
        self.statistics = {name: statistics.load(name) for name in recipe.statistics}
        self.tested: dict[str, Tested] = {}
        self.rows: list[dict[str, object]] = []
        self.resamples: list[NDArray[np.float32]] = []

    def add(self, encoder: str, protocol: str, predictions: pd.DataFrame) -> None:
        """Measure one arm.

        Raises:
            InputError: if it was not tested on the same images as those before it.
        """
        arm: dict[str, object] = {"encoder": encoder, "protocol": protocol}
        test = predictions[predictions["split"] == "test"]
        for name, part in test.groupby("dataset", sort=False):
            cohort, scores = read_cohort(part)
            tested = self._resampled(str(name), cohort)
            if not tested.cohort.same(cohort):
                raise InputError(
                    f"predictions: {encoder}, {protocol} was tested on other images of "
                    f"{name} than {self.recipe.arms[0]}"
                )
            for budget in self.used.budgets:
                self._add_budget(arm, tested, budget, scores)

    def _resampled(self, name: str, cohort: Cohort) -> Tested:
        """Return the resampled dataset `name`, which is `cohort` if it is new."""
        if name not in self.tested:
            if cohort.n_patients < FEW_PATIENTS:
                log.warning(
                    "%s: only %d test patients: the intervals are too narrow, and "
                    "cover about 90 %% instead of 95 %%",
                    *(name, cohort.n_patients),
                )
            self.tested[name] = Tested.resampled(
                name, cohort, self.recipe.bootstrap, self.recipe.seed
            )
        return self.tested[name]

    def _add_budget(
        self,
        arm: dict[str, object],
        tested: Tested,
        budget: str,
        scores: dict[Fit, Floats],
    ) -> None:
        fits = sorted(fit for fit in scores if fit.budget == budget)
        if not fits:
            raise InputError(f"predictions: {arm} has none for a budget of {budget}")
        measured = measure(
            tested, [scores[fit] for fit in fits], self.statistics, self.recipe.seed
        )
        for row in describe(tested, fits, measured, list(self.statistics)):
            one = arm | row
            self.rows.append(one | self.used.count(one) | self.used.cost(one))
        resampled = measured[..., 1:].reshape(-1, self.recipe.bootstrap)
        self.resamples.append(resampled.astype(np.float32))


if __name__ == "__main__":
    entry.run(main)

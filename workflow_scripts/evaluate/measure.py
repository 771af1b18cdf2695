"""Measure the classifiers of one label budget on one dataset, in every resample."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.evaluate import bootstrap
from workflow_scripts.evaluate.cohort import Cohort, Fit, Floats
from workflow_scripts.evaluate.statistics import Statistic


@dataclass(frozen=True, kw_only=True)
class Tested:
    """The test images of one dataset, and the weights that resample their patients."""

    name: str
    cohort: Cohort
    weights: NDArray[np.uint16]  # shape (1 + resamples, images); first the sample

    @classmethod
    def resampled(
        cls, name: str, cohort: Cohort, n_resamples: int, seed: int
    ) -> "Tested":
        """Return the dataset `name` with its patients resampled."""
        weights = bootstrap.patient_weights(cohort.patients, n_resamples, seed, name)
        return cls(name=name, cohort=cohort, weights=weights)


def measure(
    tested: Tested,
    scores: Sequence[Floats],
    statistics: Mapping[str, Statistic],
    seed: int,
) -> Floats:
    """Return every statistic of the classifiers of one budget, in each resample.

    Macro is over the findings that have a value in the sample itself; a resample in
    which one of them has none has no macro.

    Args:
        tested: the images.
        scores: of each draw of labels, shape (images, findings).
        statistics: by name.
        seed: of the run; decides how draws are resampled.

    Returns:
        Shape (draws + 1, findings + 1, statistics, 1 + resamples): after the draws
        comes their mean, after the findings macro; the first "resample" is the sample.
    """
    targets = tested.cohort.targets
    n_draws, n_findings, n_weights = len(scores), targets.shape[1], len(tested.weights)
    shape = n_draws + 1, n_findings + 1, len(statistics), n_weights
    values = np.full(shape, np.nan)
    for number, statistic in enumerate(statistics.values()):
        for draw, finding in np.ndindex(n_draws, n_findings):
            values[draw, finding, number] = statistic(
                targets[:, finding], scores[draw][:, finding], tested.weights
            )
    defined = ~np.isnan(values[0, :-1, 0, 0])
    if defined.any():
        values[:-1, -1] = values[:-1, :-1][:, defined].mean(axis=1)
    shares = bootstrap.draw_shares(n_draws, n_weights - 1, seed)
    values[-1] = np.einsum("rd,dfsr->fsr", shares, values[:-1])
    return values


def describe(
    tested: Tested, fits: Sequence[Fit], measured: Floats, statistics: Sequence[str]
) -> list[dict[str, object]]:
    """Describe what `measure` returned, in its order, as rows of metrics."""
    draws = [*(str(fit.draw) for fit in fits), "all"]
    findings: list[str | None] = [*tested.cohort.findings, None]
    counts = [tested.cohort.counts(finding) for finding in findings]
    rows: list[dict[str, object]] = []
    for draw, finding, number in np.ndindex(measured.shape[:3]):
        values = measured[draw, finding, number]
        low, high = bootstrap.interval(values[1:])
        row: dict[str, object] = {
            "budget": fits[0].budget,
            "draw": draws[draw],
            "dataset": tested.name,
            "finding": findings[finding] or "macro",
            "metric": statistics[number],
            "value": values[0],
            "low": low,
            "high": high,
        }
        rows.append(row | counts[finding])
    return rows

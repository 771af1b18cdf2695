"""Compare every encoder with the baseline, on the same patients and draws of labels.

The differences are taken resample by resample, so what both encoders share (easy and
hard patients, lucky and unlucky draws) falls out of them.
"""

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.stats.multitest import multipletests

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.evaluate import COMPARISONS, METRICS
from workflow_scripts.evaluate.bootstrap import interval

PLACE = ["protocol", "budget", "dataset", "finding", "metric"]
TEST = "paired bootstrap of patients and draws, {} resamples; Holm over {} tests ({})"
SIGNIFICANT = 0.05

Floats = NDArray[np.float64]

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Who is compared with whom."""

    baseline: str


def main(
    *, metrics: Input, resamples: Input, recipe: Recipe, comparisons: Output
) -> None:
    """Write the difference of each encoder from the baseline."""
    table = METRICS.read(metrics)
    frame = compare(table, np.load(resamples, mmap_mode="r"), recipe.baseline)
    COMPARISONS.write(frame, comparisons)


def compare(
    metrics: pd.DataFrame, resamples: NDArray[np.float32], baseline: str
) -> pd.DataFrame:
    """Return the table of comparisons, without rows if there is only the baseline.

    Args:
        metrics: the table, index 0, 1, ...
        resamples: its values again, shape (rows of metrics, resamples).
        baseline: the encoder that the others are compared with.

    Raises:
        InputError: if the baseline is not among the encoders.
    """
    together = metrics[metrics["draw"] == "all"].reset_index(names="row")
    at_base = together["encoder"] == baseline
    if not at_base.any():
        raise InputError(f"evaluate: baseline {baseline!r} is not among the encoders")
    pairs = together[~at_base].merge(
        together.loc[at_base, [*PLACE, "row", "value"]],
        on=PLACE,
        suffixes=("", "_baseline"),
        validate="many_to_one",
    )
    if pairs.empty:
        return COMPARISONS.empty()
    pairs["baseline"] = baseline
    pairs["difference"] = pairs["value"] - pairs["value_baseline"]
    found = [
        _interval_and_p(resamples[ours].astype(np.float64) - resamples[theirs])
        for ours, theirs in zip(pairs["row"], pairs["row_baseline"], strict=True)
    ]
    pairs[["low", "high", "p"]] = pd.DataFrame(found, index=pairs.index)
    pairs = _adjusted(pairs, resamples.shape[1])
    return pairs[list(COMPARISONS.columns)]


def _interval_and_p(differences: Floats) -> tuple[float, float, float]:
    low, high = interval(differences)
    return low, high, two_sided(differences)


def two_sided(differences: Floats) -> float:
    """Return the bootstrap p of no difference; NaN if no resample has a value.

    Twice the smaller share of resamples on either side of 0, where the sample itself
    counts as one more resample (Davison and Hinkley 1997, chapter 4): never 0, and at
    least 2 / (resamples + 1).
    """
    known = differences[~np.isnan(differences)]
    if not len(known):
        return np.nan
    fewer = min((known <= 0).sum(), (known >= 0).sum())
    return float(min(1.0, 2 * (1 + fewer) / (1 + len(known))))


def _adjusted(pairs: pd.DataFrame, n_resamples: int) -> pd.DataFrame:
    """Add Holm's p within each family, and say what the test was.

    The primary family is all macro rows of one metric on one dataset: encoders,
    protocols and budgets. Its single findings are a second, exploratory family.
    """
    pairs = pairs.assign(p_adjusted=np.nan, test="")
    macro = pairs["finding"] == "macro"
    for (_, metric, dataset), family in pairs.groupby([macro, "metric", "dataset"]):
        kind = "macro" if family["finding"].iloc[0] == "macro" else "findings"
        known = family["p"].dropna()
        pairs.loc[family.index, "test"] = TEST.format(
            n_resamples, len(known), f"{metric}, {kind}, {dataset}"
        )
        if len(known):
            holm = multipletests(known.to_numpy(), method="holm")[1]
            pairs.loc[known.index, "p_adjusted"] = holm
        if 2 * len(known) / (1 + n_resamples) > SIGNIFICANT:
            log.warning(
                "%s: %d tests of %s are too many for %d resamples: no adjusted p can "
                "fall below 0.05; raise evaluate.bootstrap",
                *(dataset, len(known), metric, n_resamples),
            )
    return pairs


if __name__ == "__main__":
    entry.run(main)

"""Find how many labelled images each encoder needs to reach a score.

Two kinds of score are asked for: those that the baseline reaches with each of its
budgets, and round numbers. In every resample of patients and draws the question is
put anew, to the baseline as well, so the intervals are paired.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.evaluate import EFFICIENCY, METRICS
from workflow_scripts.evaluate.curves import Floats, labels_needed, monotone

ROUND = np.arange(0.55, 0.99, 0.05)
PLACE = ["protocol", "dataset", "finding"]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Whose labels are saved, and by which score."""

    baseline: str
    metric: str


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The learning curve of one encoder; the first row is the sample itself."""

    n_labels: Floats  # not falling, shape (budgets,)
    budgets: list[str]
    scores: Floats  # monotone, shape (1 + resamples, budgets)

    def needed(self, targets: Floats) -> Floats:
        """Return the labels needed for `targets`, one for each row."""
        return labels_needed(self.n_labels, self.scores, targets)


class Target(NamedTuple):
    """A score to reach, in the sample and in each resample."""

    reached_by: str
    scores: Floats  # shape (1 + resamples,)


def main(
    *, metrics: Input, resamples: Input, recipe: Recipe, efficiency: Output
) -> None:
    """Write the labels needed by each encoder, and how many of the baseline's."""
    table = METRICS.read(metrics)
    again = np.load(resamples, mmap_mode="r")
    frame = needed(table, again, recipe.baseline, recipe.metric)
    EFFICIENCY.write(frame, efficiency)


def needed(
    metrics: pd.DataFrame,
    resamples: NDArray[np.float32],
    baseline: str,
    metric: str,
) -> pd.DataFrame:
    """Return the table of efficiency.

    Args:
        metrics: the table, index 0, 1, ...
        resamples: its values again, shape (rows of metrics, resamples).
        baseline: the encoder whose labels are saved.
        metric: whose values are to be reached.

    Raises:
        InputError: if the baseline is not among the encoders.
    """
    if baseline not in set(metrics["encoder"]):
        raise InputError(f"evaluate: baseline {baseline!r} is not among the encoders")
    asked = (metrics["draw"] == "all") & (metrics["metric"] == metric)
    rows: list[dict[str, object]] = []
    for place, group in metrics[asked & metrics["value"].notna()].groupby(
        PLACE, sort=False
    ):
        curves = {
            str(encoder): _curve(points, resamples)
            for encoder, points in group.groupby("encoder", sort=False)
        }
        for target in _targets(curves, baseline):
            for encoder in curves:
                row = _row(curves, encoder, baseline, target)
                rows.append(dict(zip(PLACE, place, strict=True)) | row)
    if not rows:
        return EFFICIENCY.empty()
    return pd.DataFrame(rows).assign(metric=metric)


def _curve(points: pd.DataFrame, resamples: NDArray[np.float32]) -> Curve:
    """Return the curve through `points`; the mean where budgets cost as many labels."""
    points = points.sort_values("n_labels", kind="stable")
    sample = points["value"].to_numpy(np.float64)
    resampled = resamples[points.index.to_numpy()].T.astype(np.float64)
    n_labels = points["n_labels"].to_numpy(np.float64)
    equal = (n_labels[:, None] == n_labels).astype(np.float64)  # as 16 and 8 per class
    scores = np.concatenate([sample[None], resampled]) @ (equal / equal.sum(axis=0))
    return Curve(
        n_labels=n_labels,
        budgets=[str(name) for name in points["budget"]],
        scores=monotone(scores),
    )


def _targets(curves: dict[str, Curve], baseline: str) -> Iterator[Target]:
    """Yield the baseline's score at each budget, then round numbers in reach."""
    base = curves[baseline]
    for place, budget in enumerate(base.budgets):
        yield Target(f"{baseline} at {budget}", base.scores[:, place])
    worst = min(curve.scores[0, 0] for curve in curves.values())
    best = max(curve.scores[0, -1] for curve in curves.values())
    for score in ROUND[(worst < ROUND) & (best >= ROUND)]:
        yield Target("a round number", np.full(len(base.scores), round(score, 2)))


def _row(
    curves: dict[str, Curve], encoder: str, baseline: str, target: Target
) -> dict[str, object]:
    curve, base = curves[encoder], curves[baseline]
    ours, theirs = curve.needed(target.scores), base.needed(target.scores)
    n_labels, baseline_n_labels = ours[0], theirs[0]
    low, high = _interval(ours[1:])
    at_most = curve.scores[0, 0] > target.scores[0] + 1e-12
    reach = "beyond" if np.isinf(n_labels) else "at_most" if at_most else "within"
    row = {
        "encoder": encoder,
        "target": target.scores[0],
        "reached_by": target.reached_by,
        "reach": reach,
        "n_labels": _finite(n_labels),
        "low": low,
        "high": high,
        "baseline_n_labels": _finite(baseline_n_labels),
        "equivalent": _finite(baseline_n_labels) / _finite(n_labels),
    }
    if base.scores[0, 0] > target.scores[0] + 1e-12 and encoder != baseline:
        row["equivalent"] = np.nan  # the baseline may need fewer than were tried
    least, most = _equivalents(curve, base, target.scores)
    if encoder == baseline:
        least = most = np.ones(len(ours))
    row["equivalent_low"] = _interval(least[1:])[0]
    row["equivalent_high"] = _interval(most[1:])[1]
    return row


def _equivalents(curve: Curve, base: Curve, targets: Floats) -> tuple[Floats, Floats]:
    """Return the least and the most that baseline labels / ours may be.

    They differ where a curve does not tell: a score passed already with the fewest
    labels needs any number from 0 up to them, one not reached with the most labels
    any number above them.
    """
    ours_least, ours_most = _bounds(curve, targets)
    base_least, base_most = _bounds(base, targets)
    unknown = np.isnan(ours_most) | np.isnan(base_most)
    least = np.zeros(len(targets))
    np.divide(base_least, ours_most, out=least, where=np.isfinite(ours_most))
    most = np.full(len(targets), np.inf)
    np.divide(base_most, ours_least, out=most, where=ours_least > 0)
    return np.where(unknown, np.nan, least), np.where(unknown, np.nan, most)


def _bounds(curve: Curve, targets: Floats) -> tuple[Floats, Floats]:
    most = curve.needed(targets)
    least = np.where(np.isinf(most), curve.n_labels[-1], most)
    passed = curve.scores[:, 0] > targets + 1e-12
    return np.where(passed, 0.0, least), most


def _interval(resampled: Floats) -> tuple[float, float]:
    """Return the 95 % percentile interval, whose ends may be infinite."""
    known = np.sort(resampled[~np.isnan(resampled)])
    if not len(known):
        return np.nan, np.nan
    last = len(known) - 1
    return float(known[int(0.025 * last)]), float(known[int(np.ceil(0.975 * last))])


def _finite(number: float) -> float:
    return number if np.isfinite(number) else np.nan


if __name__ == "__main__":
    entry.run(main)

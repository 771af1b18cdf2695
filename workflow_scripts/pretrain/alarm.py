"""Tell a collapsed run by its history, and keep its weights from being published.

A network has collapsed when it sees the same in every image (complete collapse) or all
images differ along one line (dimensional collapse; Jing et al. 2021,
https://arxiv.org/abs/2110.09348), and its training when what the loss compares has. The
bounds stand far from what healthy runs of all methods showed at their start, on their
way and at their end, and from planted collapses: `benchmarks/collapse.md`.
"""

import math
from collections.abc import Sequence

from workflow_scripts.core.errors import InputError

LEAST_FEATURE_STD = 0.005  # below, every image looks the same; bfloat16 ends at 0.002
LEAST_CENTRED_RANK = 2.0  # below, images differ along one line
# Heads may begin with much the same for every image, so one has collapsed only if it
# has told more before.
LEAST_PROJECTION_STD = 0.06
LEAST_KEPT = 0.5  # of the largest deviation of projections so far

REMEDY = (
    "take a lower learning_rate, a larger batch_size or more warmup_epochs, or see "
    "whether an option has switched off what keeps the method from collapsing"
)

Row = dict[str, float]


def fault(
    history: Sequence[Row], start: Row | None = None, *, taught: bool = False
) -> str | None:
    """Say what is wrong with the features after the last epoch.

    Args:
        history: the measures after each epoch, as in the table of training.
        start: the same before the first step; None if it was not measured.
        taught: whether labels were learnt. Features may then lie along one line: those
            of one finding do at the end (neural collapse).

    Returns:
        What was seen and what was expected; None if nothing is wrong.
    """
    if not history:
        return None
    last = history[-1]
    spread, rank = last["feature_std"], last["centred_rank"]
    if not (math.isfinite(spread) and math.isfinite(rank)):
        return "features are not finite"
    if spread < LEAST_FEATURE_STD:
        return (
            "every image has the same features (deviation of their directions "
            f"{spread:.2g}, expected at least {LEAST_FEATURE_STD})"
        )
    if rank < LEAST_CENTRED_RANK and not taught:
        return (
            "features differ along one line only (effective rank about their mean "
            f"{rank:.2g}, expected at least {LEAST_CENTRED_RANK:g})"
        )
    return _fault_of_projections([*([start] if start else []), *history])


def _fault_of_projections(rows: Sequence[Row]) -> str | None:
    """Say what is wrong with what the loss compares, where it compares views."""
    seen = [row["projection_std"] for row in rows]
    told = [value for value in seen if not math.isnan(value)]
    if not told:
        return None
    now, most = seen[-1], max(told)
    if now >= min(LEAST_PROJECTION_STD, LEAST_KEPT * most):
        return None
    return (
        "every image has the same projection, so the loss has no more to teach "
        f"(deviation of their directions {now:.2g} after {most:.2g}, expected at least "
        f"{LEAST_PROJECTION_STD})"
    )


def check(
    history: Sequence[Row], start: Row | None = None, *, taught: bool = False
) -> None:
    """Refuse an encoder whose run has collapsed; see `fault` for the arguments.

    Raises:
        InputError: saying what was seen, what was expected, and what to do.
    """
    if seen := fault(history, start, taught=taught):
        raise InputError(
            f"the encoder has collapsed: after epoch {len(history)}, {seen}; {REMEDY}"
        )

"""Thresholds and calibration of one finding, both from the validation split alone.

Calibration is Platt's (1999, "Probabilistic outputs for support vector machines"): a
slope and an intercept on the log odds of the score. His targets, a little off 1 and 0,
keep both finite where validation is separated without fault.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

from workflow_scripts.finetune.kinds import Floats

LEAST = 1e-9  # chance


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Chance of a finding = sigmoid(slope * log odds of its score + intercept)."""

    slope: float  # 0 where validation ranks the finding no better than upside down
    intercept: float


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A score from which a finding is called present, and what it does there."""

    threshold: float  # halfway to the next lower score of validation
    sensitivity: float  # on validation
    specificity: float


def log_odds(scores: Floats) -> Floats:
    """Return log(score / (1 - score)); of a sigmoid, what it was made of.

    Scores are kept off 0 and 1 by `LEAST`.
    """
    odds: Floats = logit(np.clip(scores, LEAST, 1 - LEAST))
    return odds


def platt(logits: Floats, targets: Floats) -> Calibration | None:
    """Return the slope and intercept; None unless both classes are there.

    Args:
        logits: log odds of the scores, shape (images,).
        targets: 1, 0, NaN unknown; same shape.
    """
    logits, present = _known(logits, targets)
    n_present, n_absent = int(present.sum()), int((~present).sum())
    if not n_present or not n_absent:
        return None
    wanted = np.where(present, (n_present + 1) / (n_present + 2), 1 / (n_absent + 2))
    scale = float(logits.std()) or 1.0
    scaled = logits / scale

    def loss(line: Any) -> Any:  # noqa: ANN401 (SciPy's own types)
        raised = line[0] * scaled + line[1]
        value = np.sum(np.logaddexp(0, raised) - wanted * raised)
        error = expit(raised) - wanted
        return value, np.array([error @ scaled, error.sum()])

    start = np.array([0.0, np.log((n_present + 1) / (n_absent + 1))])
    bounds = [(0, None), (None, None)]  # more is never made to mean less
    found = minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"ftol": 1e-14, "gtol": 1e-10, "maxiter": 1000},
    )
    return Calibration(slope=float(found.x[0]) / scale, intercept=float(found.x[1]))


def of_findings(scores: Floats, targets: Floats) -> list[Calibration | None]:
    """Return `platt` of each column."""
    pairs = zip(log_odds(scores).T, targets.T, strict=True)
    return [platt(*pair) for pair in pairs]


def calibrated(scores: Floats, line: Calibration | None) -> Floats:
    """Return the chances that `line` makes of `scores`; NaN without a line."""
    if line is None:
        return np.full(len(scores), np.nan)
    chances: Floats = expit(line.slope * log_odds(scores) + line.intercept)
    return chances


def youden(scores: Floats, targets: Floats) -> Threshold | None:
    """Return the threshold with the largest sensitivity + specificity, if any.

    Youden 1950, doi.org/10.1002/1097-0142(1950)3:1<32::aid-cncr2820030106>3.0.co;2-3.
    Of equals, the highest.
    """
    places = _places(scores, targets)
    return max(places, key=lambda one: one.sensitivity + one.specificity, default=None)


def sensitive(scores: Floats, targets: Floats, least: float) -> Threshold | None:
    """Return the highest threshold with at least this sensitivity, if any."""
    places = _places(scores, targets)
    return next((one for one in places if one.sensitivity >= least), None)


def _places(scores: Floats, targets: Floats) -> list[Threshold]:
    """Return every threshold that differs, highest first; none without both classes.

    Args:
        scores: 0 to 1, shape (images,).
        targets: 1, 0, NaN unknown; same shape.
    """
    scores, present = _known(scores, targets)
    if present.all() or not present.any():
        return []
    values, group = np.unique(-scores, return_inverse=True)
    above = np.cumsum(np.bincount(group, present))  # rightly called present
    wrongly = np.cumsum(np.bincount(group, ~present))
    falling = -values
    halfway = (falling + np.append(falling[1:], 0.0)) / 2
    return [
        Threshold(
            threshold=float(place),
            sensitivity=float(hits / present.sum()),
            specificity=float(((~present).sum() - alarms) / (~present).sum()),
        )
        for place, hits, alarms in zip(halfway, above, wrongly, strict=True)
    ]


def _known(values: Floats, targets: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    known = ~np.isnan(targets)
    return values[known], targets[known] == 1

"""Linear probe: logistic regression on frozen features, one for each finding.

The strength of the L2 penalty is chosen on the validation split for each finding.
Features are standardised with the whole training split, for which no label is needed.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from workflow_scripts.finetune.kinds import Floats
from workflow_scripts.finetune.logistic import principal_axes, regressions
from workflow_scripts.finetune.protocols import (
    Asked,
    Fitted,
    Images,
    Problem,
    Tried,
    judged_each,
    mean_of_known,
)

if TYPE_CHECKING:
    from torch import nn


def fit(problem: Problem, options: dict[str, Any], seed: int) -> Fitted:
    """Return the weights of one regression for each finding; `seed` is not used."""
    return next(fit_each([problem], options))


def fit_each(problems: Sequence[Problem], options: dict[str, Any]) -> Iterator[Fitted]:
    """Yield what `fit` does for each problem; what their images share is done once.

    Args:
        problems: that differ in the labels drawn only; equal ones are solved once.
        options: of the protocol.
    """
    features = problems[0].images.features.astype(np.float64)
    training = features[problems[0].training]
    mean, deviation = training.mean(0), training.std(0) + 1e-6
    standard = (features - mean) / deviation
    width = standard.shape[1]
    shared = width <= len(training)  # else each problem has axes of its own, fewer ones
    axes = principal_axes(standard[problems[0].training]) if shared else np.eye(width)
    rotated = standard @ axes if shared else standard
    known: dict[tuple[bytes, int], Fitted] = {}
    for problem in problems:
        drawn = problem.labelled.tobytes(), len(problem.folds)
        if drawn not in known:
            best, tried = _chosen(problem, rotated, sorted(options["penalties"])[::-1])
            weight = best[:, :-1] @ axes.T / deviation  # so that plain features do
            bias = best[:, -1] - weight @ mean
            weights = {"classifier.weight": weight, "classifier.bias": bias}
            known[drawn] = Fitted(weights=weights, tried=tried)
        yield known[drawn]


def _chosen(
    problem: Problem, rotated: Floats, penalties: list[float]
) -> tuple[Floats, list[Tried]]:
    """Return what validation likes best: coefficients, then intercepts; and all tried.

    Args:
        problem: whose labels teach and choose.
        rotated: features along their principal axes, or any where images are few.
        penalties: strongest first, which is chosen of equals.
    """
    taught = problem.labelled
    found = regressions(
        rotated[taught], problem.targets[taught], penalties, rotated=True
    )
    judged = []
    for teaching, rows in problem.trials:
        here = found
        if teaching is not taught:
            known = problem.targets[teaching]
            here = regressions(rotated[teaching], known, penalties, rotated=True)
        logits = np.einsum("nw,pfw->pnf", rotated[rows], here[..., :-1])
        judged.append(judged_each(logits + here[..., None, :, -1], problem, rows))
    values = mean_of_known(judged)
    best, tried = np.zeros(found.shape[1:]), []
    for column, finding in enumerate(problem.asked.findings):
        place = int(np.argmax(np.nan_to_num(values[:, column])))
        best[column] = found[place, column]
        seen = values[:, column].tolist()
        for number, (penalty, value) in enumerate(zip(penalties, seen, strict=True)):
            tried.append(
                Tried(
                    finding=finding,
                    candidate=f"penalty {penalty:g}",
                    validation_score=value,
                    chosen=number == place,
                )
            )
    return best, tried


def score(
    weights: dict[str, NDArray[Any]], images: Images, asked: Asked
) -> NDArray[Any]:
    """Return the chance of each finding, shape (images, findings)."""
    weight, bias = weights["classifier.weight"], weights["classifier.bias"]
    logits = images.features.astype(np.float64) @ weight.T + bias
    return asked.kind.coherent(expit(logits))


def assembled(
    weights: dict[str, NDArray[Any]], encoder: "nn.Module", asked: Asked
) -> "nn.Module":
    """Return `encoder` under the regressions, in one network."""
    from workflow_scripts.finetune import networks

    n_findings, width = weights["classifier.weight"].shape
    probes = networks.Separate(encoder, width, n_findings, asked.kind)
    return networks.filled(probes, weights)

"""Linear probe: logistic regression on frozen features, one for each finding.

The strength of the L2 penalty is chosen on the validation split for each finding.
Features are standardised with the whole training split, for which no label is needed.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.finetune.protocols import (
    Fitted,
    Floats,
    Images,
    Problem,
    Tried,
    macro_auroc,
)

# scikit-learn's default of 1e-4 moves the AUROC by up to 0.005 (measured)
TOLERANCE = 1e-6


def fit(problem: Problem, options: dict[str, Any], seed: int) -> Fitted:
    """Return the weights of one regression for each finding."""
    features = problem.images.features.astype(np.float64)
    mean = features[problem.training].mean(0)
    deviation = features[problem.training].std(0) + 1e-6
    standard = (features - mean) / deviation
    weight = np.zeros((len(problem.findings), features.shape[1]))
    bias = np.zeros(len(problem.findings))
    tried: list[Tried] = []
    for column in range(len(problem.findings)):
        best, seen = _best(problem, standard, column, options["penalties"])
        tried += seen
        weight[column], bias[column] = best[:-1], best[-1]
    weight = weight / deviation  # so that plain features can be scored
    return Fitted(weights={"weight": weight, "bias": bias - weight @ mean}, tried=tried)


def _best(
    problem: Problem, standard: Floats, column: int, penalties: list[float]
) -> tuple[Floats, list[Tried]]:
    """Return the coefficients and intercept that validation likes best."""
    target = problem.targets[:, column]
    known = problem.labelled[~np.isnan(target[problem.labelled])]
    found = {}
    for penalty in sorted(penalties, reverse=True):  # of equals, the strongest
        solution = regression(standard[known], target[known], penalty)
        scores = standard[problem.validation] @ solution[:-1] + solution[-1]
        seen = macro_auroc(target[problem.validation, None], scores[:, None])
        found[penalty] = (seen, solution)
    chosen = max(found, key=lambda penalty: np.nan_to_num(found[penalty][0]))
    tried = [
        Tried(
            finding=problem.findings[column],
            candidate=f"penalty {penalty:g}",
            validation_auroc=seen,
            chosen=penalty == chosen,
        )
        for penalty, (seen, _) in found.items()
    ]
    return found[chosen][1], tried


def regression(features: Floats, target: Floats, penalty: float) -> Floats:
    """Return the coefficients, then the intercept, of logistic regression.

    Args:
        features: shape (images, width).
        target: 1 or 0, shape (images,); where all are equal the answer is zero.
        penalty: of the squared coefficients, against the sum over images.
    """
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(target)) < 2:
        return np.zeros(features.shape[1] + 1)
    model = LogisticRegression(C=1 / penalty, tol=TOLERANCE, max_iter=1000)
    model.fit(features, target)
    return np.append(model.coef_[0], model.intercept_)


def score(weights: dict[str, NDArray[Any]], images: Images) -> Floats:
    """Return the chance of each finding, shape (images, findings)."""
    logits = images.features.astype(np.float64) @ weights["weight"].T + weights["bias"]
    return 0.5 * (1 + np.tanh(logits / 2))  # the sigmoid, without overflow

"""The probe is logistic regression, at its optimum."""

import numpy as np
import pytest
from scipy.optimize import minimize

from tests.finetune.problems import problem
from workflow_scripts.finetune.protocols import linear_probe


def by_definition(features, target, penalty):
    """Minimise the penalised loss as it is written, in float64."""
    sign = 2 * target - 1

    def loss(solution):
        margin = sign * (features @ solution[:-1] + solution[-1])
        return np.logaddexp(0, -margin).sum() + penalty * (solution[:-1] ** 2).sum() / 2

    start = np.zeros(features.shape[1] + 1)
    return minimize(loss, start, method="BFGS", options={"gtol": 1e-9}).x


@pytest.mark.parametrize("penalty", [0.1, 1, 10])
def test_equals_the_definition(penalty):
    generator = np.random.default_rng(0)
    features = generator.normal(size=(60, 5))
    chance = 1 / (1 + np.exp(-features[:, 0]))
    target = (generator.random(60) < chance).astype(float)
    found = linear_probe.regression(features, target, penalty)
    np.testing.assert_allclose(
        found, by_definition(features, target, penalty), atol=1e-4
    )


def test_plain_features_are_scored_as_standardised_ones_were_learned(tmp_path):
    given = problem(tmp_path)
    fitted = linear_probe.fit(given, {"penalties": [1.0]}, seed=0)
    features = given.images.features.astype(float)
    mean, deviation = (f(features[given.training], axis=0) for f in (np.mean, np.std))
    standard = (features - mean) / (deviation + 1e-6)
    target = given.targets[given.labelled, 0]
    known = given.labelled[~np.isnan(target)]
    solution = linear_probe.regression(standard[known], given.targets[known, 0], 1.0)
    logits = standard @ solution[:-1] + solution[-1]
    scores = linear_probe.score(fitted.weights, given.images)[:, 0]
    np.testing.assert_allclose(scores, 1 / (1 + np.exp(-logits)), rtol=1e-6)

"""The probe is logistic regression, at its optimum."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from tests.finetune.problems import macro_auroc, problem
from workflow_scripts.finetune.logistic import regressions
from workflow_scripts.finetune.protocols import linear_probe

OPTIONS = {"penalties": [0.01, 1.0, 100.0]}


def by_definition(features, target, penalty):
    """Minimise the penalised loss as it is written, in float64."""
    sign = 2 * target - 1

    def loss(solution):
        margin = sign * (features @ solution[:-1] + solution[-1])
        return np.logaddexp(0, -margin).sum() + penalty * (solution[:-1] ** 2).sum() / 2

    start = np.zeros(features.shape[1] + 1)
    return minimize(loss, start, method="BFGS", options={"gtol": 1e-9}).x


def standardised(given):
    features = given.images.features.astype(float)
    training = features[given.training]
    return (features - training.mean(0)) / (training.std(0) + 1e-6)


def scikit_learn(given, column, penalty):
    """Return the validation AUROC and all logits of one regression."""
    features, target = standardised(given), given.targets[:, column]
    known = given.labelled[~np.isnan(target[given.labelled])]
    model = LogisticRegression(C=1 / penalty, tol=1e-9, solver="newton-cholesky")
    logits = model.fit(features[known], target[known]).decision_function(features)
    rows = given.validation
    return macro_auroc(target[rows, None], logits[rows, None]), logits


@pytest.mark.parametrize("penalty", [0.1, 1, 10])
def test_equals_the_definition(penalty):
    generator = np.random.default_rng(0)
    features = generator.normal(size=(60, 5))
    chance = 1 / (1 + np.exp(-features[:, 0]))
    target = (generator.random(60) < chance).astype(float)
    found = regressions(features, target[:, None], [penalty])[0, 0]
    np.testing.assert_allclose(
        found, by_definition(features, target, penalty), atol=1e-4
    )


@pytest.mark.parametrize("n", [96, 960])  # fewer labels than features, and more
def test_scores_are_those_of_scikit_learn_with_the_penalty_validation_likes(
    n, tmp_path
):
    given = problem(tmp_path, n)
    fitted = linear_probe.fit(given, OPTIONS, seed=0)
    scores = linear_probe.score(fitted.weights, given.images, given.asked)
    for column, finding in enumerate(given.asked.findings):
        tried = [one for one in fitted.tried if one.finding == finding]
        for one in tried:
            penalty = float(one.candidate.removeprefix("penalty "))
            auroc, logits = scikit_learn(given, column, penalty)
            assert abs(one.validation_score - auroc) < 0.0005
            if one.chosen:
                expected = 1 / (1 + np.exp(-logits))
                np.testing.assert_allclose(scores[:, column], expected, atol=1e-4)
        assert [one.candidate for one in tried] == [
            f"penalty {penalty:g}" for penalty in (100, 1, 0.01)
        ]


def test_problems_solved_together_are_those_solved_alone(tmp_path):
    given = problem(tmp_path, 240)
    budgets = (10, 40, 160, 160)
    problems = [
        dataclasses.replace(given, labelled=np.arange(budget)) for budget in budgets
    ]
    for one, fitted in zip(
        problems, linear_probe.fit_each(problems, OPTIONS), strict=True
    ):
        alone = linear_probe.fit(one, OPTIONS, seed=0)
        assert [vars(t) for t in alone.tried] == [vars(t) for t in fitted.tried]
        scores, expected = (
            linear_probe.score(each.weights, given.images, given.asked)
            for each in (fitted, alone)
        )
        np.testing.assert_allclose(scores, expected, atol=1e-4)


def test_a_finding_of_one_class_gets_no_weight(tmp_path):
    given = problem(tmp_path)
    given.targets[given.labelled, 0] = 0
    weights = linear_probe.fit(given, OPTIONS, seed=0).weights
    assert not weights["classifier.weight"][0].any()
    assert weights["classifier.bias"][0] == 0


def test_a_probe_does_not_wait_for_torch_or_scikit_learn():
    names = "workflow_scripts.finetune.protocols.linear_probe"
    program = (
        f"import sys, {names}; sys.exit(len({{'torch', 'sklearn'}} & {{*sys.modules}}))"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0

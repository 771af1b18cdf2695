"""One promise, every protocol: parametrised over the files in the folder."""

import dataclasses
import pkgutil

import numpy as np
import pytest
import yaml

from tests.finetune.problems import FINDINGS, macro_auroc, problem
from workflow_scripts.finetune import protocols
from workflow_scripts.plan.settings import SCHEMA

NAMES = [module.name for module in pkgutil.iter_modules(protocols.__path__)]
LITTLE = {"steps": 30, "checks": 3, "learning_rates": [0.01]}
QUICK = {
    "fine_tune": LITTLE,
    "linear_then_fine_tune": LITTLE | {"penalties": [1, 100]},
    "attentive_probe": LITTLE,
}


def options(name):
    schema = yaml.safe_load(SCHEMA.read_text())["properties"]["finetune"]
    known = schema["properties"][name]["properties"]
    defaults = {key: part["default"] for key, part in known.items()}
    return defaults | QUICK.get(name, {})


@pytest.fixture(params=NAMES)
def protocol(request):
    return request.param


def fitted(name, given, seed=0):
    return protocols.load(name).fit(given, options(name), seed)


def test_what_can_be_seen_is_learned_and_scores_are_chances(protocol, tmp_path):
    given = problem(tmp_path)
    weights = fitted(protocol, given).weights
    scores = protocols.load(protocol).score(weights, given.images, given.asked)
    assert scores.shape == given.targets.shape
    assert ((scores >= 0) & (scores <= 1)).all()
    rows = given.validation
    assert macro_auroc(given.targets[rows, :1], scores[rows, :1]) > 0.9


def test_equal_seeds_give_equal_weights(protocol, tmp_path):
    given = problem(tmp_path)
    first, again = (fitted(protocol, given).weights for _ in range(2))
    assert first.keys() == again.keys()
    for key, value in first.items():
        np.testing.assert_array_equal(value, again[key])


def test_one_candidate_is_chosen_for_each_finding_or_for_all(protocol, tmp_path):
    tried = fitted(protocol, problem(tmp_path)).tried
    for finding in {one.finding for one in tried}:
        of_finding = [one for one in tried if one.finding == finding]
        assert sum(one.chosen for one in of_finding) == 1
        best = max(one.validation_score for one in of_finding)
        (chosen,) = [one for one in of_finding if one.chosen]
        assert chosen.validation_score == best
        candidates = [one.candidate for one in of_finding]
        assert len(candidates) == len(set(candidates))  # they are a key of a table
    assert {one.finding for one in tried} <= {*FINDINGS, "all"}


def test_labels_that_were_not_drawn_are_never_looked_at(protocol, tmp_path):
    """Poison on every undrawn training label changes no bit of the classifier."""
    given = problem(tmp_path)
    poisoned = given.targets.copy()
    undrawn = np.setdiff1d(given.training, given.labelled)
    poisoned[undrawn] = 1 - poisoned[undrawn]
    clean = fitted(protocol, given).weights
    other = fitted(protocol, dataclasses.replace(given, targets=poisoned)).weights
    for key, value in clean.items():
        np.testing.assert_array_equal(value, other[key])


def in_folds(given):
    """The same, had the labelled images to choose among themselves."""
    rows, place = given.labelled, np.arange(len(given.labelled)) % 3
    parts = [(rows[place != number], rows[place == number]) for number in range(3)]
    return dataclasses.replace(given, folds=parts, validation=given.validation[:0])


def test_with_folds_no_validation_label_is_ever_looked_at(protocol, tmp_path):
    """Poison on them changes no bit; one is chosen, and what can be seen is learned."""
    given = problem(tmp_path)
    clean = fitted(protocol, in_folds(given))
    poisoned = given.targets.copy()
    others = np.setdiff1d(np.arange(len(poisoned)), given.labelled)
    poisoned[others] = 1 - poisoned[others]
    poison = in_folds(dataclasses.replace(given, targets=poisoned))
    other = fitted(protocol, poison)
    assert clean.tried == other.tried
    for finding in {one.finding for one in clean.tried}:
        of_finding = [one for one in clean.tried if one.finding == finding]
        (chosen,) = [one for one in of_finding if one.chosen]
        assert chosen.validation_score == max(o.validation_score for o in of_finding)
    for key, value in clean.weights.items():
        np.testing.assert_array_equal(value, other.weights[key])
    score = protocols.load(protocol).score
    said = score(clean.weights, given.images, given.asked)[given.validation]
    assert macro_auroc(given.targets[given.validation, :1], said[:, :1]) > 0.9


def test_with_folds_the_classifier_learns_from_all_labelled_images(protocol, tmp_path):
    """With one candidate, it is what nobody's judgement gives."""
    given = problem(tmp_path)
    single = {"penalties": [1], "learning_rates": [0.01], "neighbours": [5], "steps": 4}
    asked = options(protocol)
    asked |= {key: value for key, value in single.items() if key in asked}
    fit = protocols.load(protocol).fit
    folded = fit(in_folds(given), asked, 0).weights
    whole = fit(given.whole(), asked, 0).weights
    for key, value in folded.items():
        np.testing.assert_array_equal(value, whole[key])


def test_a_finding_without_any_positive_still_gives_scores(protocol, tmp_path):
    given = problem(tmp_path)
    given.targets[given.labelled, 0] = 0
    weights = fitted(protocol, given).weights
    assert np.isfinite(
        protocols.load(protocol).score(weights, given.images, given.asked)
    ).all()


def test_the_test_split_is_scored_image_by_image(protocol, tmp_path):
    """Nothing adapts to the images that are scored: each is scored as if alone."""
    given = problem(tmp_path)
    weights = fitted(protocol, given).weights
    score = protocols.load(protocol).score
    whole = score(weights, given.images, given.asked)
    few = slice(0, 3)
    pixels = given.images.pixels[few]
    some = dataclasses.replace(
        given.images,
        features=given.images.features[few],
        read_pixels=lambda: pixels,
    )
    np.testing.assert_allclose(score(weights, some, given.asked), whole[few], atol=0.01)


def test_a_single_labelled_image_is_enough_to_go_on(protocol, tmp_path):
    given = problem(tmp_path)
    single = dataclasses.replace(given, labelled=given.labelled[:1])
    weights = fitted(protocol, single).weights
    assert np.isfinite(
        protocols.load(protocol).score(weights, given.images, given.asked)
    ).all()


def test_where_validation_lacks_a_class_something_is_chosen_all_the_same(
    protocol, tmp_path
):
    given = problem(tmp_path)
    given.targets[given.validation] = 0
    found = fitted(protocol, given)
    assert all(np.isnan(one.validation_score) for one in found.tried)
    assert sum(one.chosen for one in found.tried) >= 1
    for value in found.weights.values():
        assert np.isfinite(value).all() or protocol == "knn"  # unknown labels are NaN


def test_every_protocol_has_its_choices_in_the_schema(protocol):
    assert options(protocol)

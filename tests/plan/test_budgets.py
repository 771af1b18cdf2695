"""Label budgets: of three forms, none of them nothing, none of them twice."""

import copy

import pytest

from tests.plan.test_settings import EMBEDDED
from workflow_scripts.core.errors import InputError
from workflow_scripts.plan import applied, misfits, names, settings


def filled(**sweep):
    config = copy.deepcopy(EMBEDDED)
    config["sweep"] |= sweep
    settings.fill(config)
    misfits.refuse(config)
    return config


def test_budgets_have_names_that_a_file_may_have():
    config = filled(labels=["1%", 8, "8 per class", "100%"])
    assert names.budgets(config) == ["1pct", "8", "8perclass", "100pct"]


def test_a_classifier_is_asked_for_by_its_budget():
    config = filled(labels=["8 per class", "100%"])
    asked = {"task": None, "protocol": "knn", "encoder": "moco"}
    arm = applied.chosen(config, asked | {"budget": "8 per class"})
    assert arm.endswith("/moco/knn/8perclass")


@pytest.mark.parametrize("budget", ["0 per class", "8 per", "per class", "8 perclass"])
def test_a_budget_of_no_known_form_is_refused(budget):
    with pytest.raises(InputError, match=rf"sweep.labels.0: '{budget}' does not have"):
        filled(labels=[budget])


@pytest.mark.parametrize(
    "labels", [["1%", "1.0%"], [8, 8], ["8 per class", "8 per class"], ["0%"]]
)
def test_a_budget_of_nothing_or_given_twice_is_refused(labels):
    with pytest.raises(InputError, match=r"sweep\.labels"):
        filled(labels=labels)


def test_as_many_patients_and_as_many_per_class_are_two_budgets():
    assert filled(labels=[8, "8 per class", "8%"])


def test_fewer_per_class_than_every_budget_holds_are_refused():
    assert filled(labels=["2 per class"], least_patients=2)
    told = "labels: 2 per class is less than the 3 of each class"
    with pytest.raises(InputError, match=told):
        filled(labels=["2 per class", "100%"], least_patients=3)

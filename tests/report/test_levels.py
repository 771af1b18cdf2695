"""Of an ordinal task the page says which level an image has at least."""

import dataclasses

import pytest

from tests.report.fabricated import write_chain
from workflow_scripts.report import cohort, page
from workflow_scripts.report.reading import in_words


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    flags = write_chain(tmp_path_factory.mktemp("levels"), {"random": 0.5, "moco": 1})
    recipe = flags.pop("recipe")
    task = recipe.config["tasks"]["chest"]
    changed = task | {"kind": "ordinal", "findings": ["none", *task["findings"]]}
    recipe = dataclasses.replace(
        recipe, config=recipe.config | {"tasks": {"chest": changed}}
    )
    paths = {k: v if isinstance(v, list) else [v] for k, v in flags.items()}
    return page.read(recipe, paths)


def test_every_table_says_at_least(material):
    (task,) = material.tasks
    assert all(name.startswith("at least ") for name in task.findings)
    for table in (task.metrics, task.comparisons, task.efficiency, task.shortcuts):
        assert set(table["finding"]) <= {*task.findings, "macro"}
    assert set(task.targets["finding"]) == set(task.findings)
    assert set(cohort.prevalence(material)["finding"]) == set(task.findings)


def test_findings_of_other_kinds_keep_their_names():
    asked = {"kind": "multiclass", "findings": ["normal", "bacteria", "virus"]}
    assert list(in_words(asked).values()) == asked["findings"]


def test_what_is_uncertain_is_neither_with_nor_without(material):
    (task,) = material.tasks
    targets = task.targets.assign(target=0.5)
    changed = dataclasses.replace(task, targets=targets)
    table = cohort.prevalence(dataclasses.replace(material, tasks=[changed]))
    assert set(table["images with it"]) == {"0"}
    assert set(table["without"]) == {"0"}

"""The page says whose labels chose, and whether they are counted."""

import dataclasses

import pytest

from tests.report.fabricated import write_chain
from workflow_scripts.report import answer, choosing, methods, page
from workflow_scripts.report.words import budget_words


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chain")
    flags = write_chain(folder, {"random": 0.5, "moco": 1.2})
    recipe = flags.pop("recipe")
    return page.read(
        recipe, {k: v if isinstance(v, list) else [v] for k, v in flags.items()}
    )


def asked(material, folded=(), **sweep):
    """The same, had the `folded` budgets chosen by folds and the config said this."""
    (task,) = material.tasks
    n = task.metrics["n_choosing"].mask(task.metrics["budget"].isin(folded), 0)
    task = dataclasses.replace(task, metrics=task.metrics.assign(n_choosing=n))
    config = material.config | {"sweep": material.config["sweep"] | sweep}
    return dataclasses.replace(material, tasks=[task], config=config)


def said(material):
    return choosing.sentence(material, material.tasks[0])


def test_the_answer_says_how_many_validation_images_chose(material):
    told = "The settings were chosen on 30 validation images, whose labels are not cou"
    assert told in answer.answers(material)[0]
    counted = answer.answers(asked(material, count_validation=True))[0]
    assert "whose labels are counted among those used." in counted
    assert "not counted" not in counted


def test_folds_are_told_of_with_the_budgets_they_chose_for(material):
    whole = said(asked(material, ["20", "60"], cross_validate_below=100))
    assert whole == (
        "The settings were chosen by folds among the labelled patients, without any "
        "validation label."
    )
    some = said(asked(material, ["20"], cross_validate_below=30))
    assert some.startswith("With the labels of 20 patients the settings were chosen by")
    assert some.endswith("else on 30 validation images, whose labels are not counted.")


def methods_text(material):
    return methods.section(material).blocks[0].text


def test_the_methods_say_what_the_config_asked_for(material):
    plain = methods_text(material)
    assert "come on top of the budgets, and are not counted." in plain
    assert "the smaller budgets inside the larger ones" in plain
    assert "folds" not in plain
    other = methods_text(
        asked(
            material,
            count_validation=True,
            cross_validate_below=30,
            labels=["8 per class", "100%"],
        )
    )
    assert "come on top of the budgets, and are counted among those used." in other
    assert "Draws of fewer than 30 patients are the exception" in other
    assert "budgets per class" in other


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        ("8 per class", "8 patients per class"),
        ("1 per class", "1 patient per class"),
        ("8", "8 patients"),
    ],
)
def test_a_budget_is_told_in_words(budget, words):
    assert budget_words(budget) == words

"""A task whose kind, findings and choices do not fit is refused in one line."""

import pytest

from workflow_scripts.plan import names, task_kinds


def task(**changes):
    choices = {"kind": "multilabel", "findings": ["none", "mild", "severe"]}
    return choices | {"uncertain": "ignore", "positive_weights": False} | changes


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"kind": "multiclass", "findings": ["a", "b"]}, "t.findings: multiclass is"),
        ({"kind": "ordinal", "findings": ["a", "b"]}, "t.findings: ordinal is"),
        ({"kind": "multiclass", "uncertain": "soft"}, "t.uncertain: soft is"),
        ({"kind": "ordinal", "uncertain": "soft"}, "t.uncertain: soft is"),
        ({"kind": "segmentation", "uncertain": "soft"}, "t.uncertain: soft is"),
        ({"kind": "segmentation", "positive_weights": True}, "t.positive_weights:"),
    ],
)
def test_what_does_not_fit_the_kind_is_refused(changes, told):
    (line,) = task_kinds.misfits("t", task(**changes))
    assert line.startswith(told)
    assert "\n" not in line


@pytest.mark.parametrize("kind", ["multilabel", "multiclass", "ordinal"])
def test_what_fits_is_not_refused(kind):
    soft = "soft" if kind == "multilabel" else "positive"
    fits = task(kind=kind, uncertain=soft, positive_weights=True)
    assert task_kinds.misfits("t", fits) == []


def test_of_levels_all_but_the_lowest_are_answered():
    assert names.answered(task(kind="ordinal")) == ["mild", "severe"]
    assert names.answered(task(kind="multiclass")) == ["none", "mild", "severe"]

"""What the page says of the cost of the sweep."""

from types import SimpleNamespace

import pandas as pd
import pytest

from workflow_scripts.report import cost


def material(steps):
    """Two encoders, two budgets, two draws; `steps` by encoder, at the larger one."""
    rows = [
        {
            "encoder": encoder,
            "protocol": "fine_tune",
            "budget": budget,
            "draw": draw,
            "finding": finding,
            "n_tried": 3 * (2 if draw == "all" else 1),
            "n_steps": (steps[encoder] if budget == "100%" else 30)
            * (2 if draw == "all" else 1),
        }
        for encoder in steps
        for budget in ("5", "100%")
        for draw in ("0", "1", "all")
        for finding in ("effusion", "macro")
    ]
    task = SimpleNamespace(name="chest", metrics=pd.DataFrame(rows))
    return SimpleNamespace(tasks=[task])


def test_each_classifier_is_counted_once():
    assert cost.sentence(material({"random": 90, "moco": 90})) == (
        "The sweep tried 24 settings for 8 classifiers, and its optimisers took 480 "
        "steps in all: at every protocol and budget as many for every encoder."
    )


@pytest.mark.parametrize("more", [100, 1000])
def test_an_encoder_that_was_given_more_is_named(more):
    told = cost.sentence(material({"random": 90, "moco": more}))
    assert "not as many for every encoder" in told
    assert f"random by fine tune 180 and moco by fine tune {2 * more:,}." in told

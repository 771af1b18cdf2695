"""Recipes of the steps of `evaluate`: how numbers are made of predictions."""

from workflow_scripts.plan.names import (
    answered,
    arms,
    asks_pictures,
    datasets_of,
    statistics,
)
from workflow_scripts.plan.recipes import STEPS, Decided, Wildcards
from workflow_scripts.plan.settings import Settings


def metrics(config: Settings, wildcards: Wildcards) -> Decided:
    """The names that go with the predictions, in their order; the resampling."""
    choices = {
        "arms": [list(arm) for arm in arms(config, wildcards["task"])],
        "bootstrap": config["evaluate"]["bootstrap"],
        "count_validation": config["sweep"]["count_validation"],
        "seed": config["seed"],
        "statistics": statistics(config, wildcards["task"]),
    }
    loaded = tuple(
        f"{STEPS}.evaluate.statistics.{name}" for name in choices["statistics"]
    )
    return Decided(choices=choices, loaded=loaded)


def comparisons(config: Settings, wildcards: Wildcards) -> Decided:
    """Who is compared with whom."""
    return Decided(choices={"baseline": config["evaluate"]["baseline"]})


def efficiency(config: Settings, wildcards: Wildcards) -> Decided:
    """Whose labels are saved, and by which score."""
    (metric, *_) = statistics(config, wildcards["task"])
    choices = {"baseline": config["evaluate"]["baseline"], "metric": metric}
    return Decided(choices=choices)


def audit(config: Settings, wildcards: Wildcards) -> Decided:
    """Which trivial models are tried, and the resampling."""
    task = config["tasks"][wildcards["task"]]
    shortcuts = config["evaluate"]["shortcuts"]
    if asks_pictures(task):  # none of them can draw
        shortcuts = []
    choices = {
        "shortcuts": shortcuts,
        "datasets": datasets_of(task, "test"),
        "findings": answered(task),
        "size_px": config["prepare"]["size_px"],
        "bootstrap": config["evaluate"]["bootstrap"],
        "seed": config["seed"],
    }
    loaded = tuple(f"{STEPS}.evaluate.shortcuts.{name}" for name in shortcuts)
    return Decided(choices=choices, loaded=loaded)

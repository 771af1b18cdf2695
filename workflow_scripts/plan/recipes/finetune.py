"""Recipes of the steps of `finetune`: how classifiers are trained and applied."""

from workflow_scripts.plan import applied, curricula
from workflow_scripts.plan.names import budgets, datasets_of
from workflow_scripts.plan.recipes import STEPS, Decided, Wildcards
from workflow_scripts.plan.settings import Settings


def features(config: Settings, wildcards: Wildcards) -> Decided:
    """The names that go with the stores, in their order."""
    task = config["tasks"][wildcards["task"]]
    choices = {
        "datasets": datasets_of(task, wildcards["part"]),
        "size_px": config["prepare"]["size_px"],
    }
    return Decided(choices=choices)


def fit(config: Settings, wildcards: Wildcards) -> Decided:
    """How classifiers are trained; draws are in the draws' file."""
    protocol = wildcards["protocol"]
    choices = {
        "protocol": protocol,
        "findings": config["tasks"][wildcards["task"]]["findings"],
        "options": config["finetune"].get(protocol, {}),
        "size_px": config["prepare"]["size_px"],
        "seed": config["seed"],
    }
    return Decided(choices=choices, loaded=(f"{STEPS}.finetune.protocols.{protocol}",))


def predict(config: Settings, wildcards: Wildcards) -> Decided:
    """The names that go with the files, in their order."""
    task = config["tasks"][wildcards["task"]]
    choices = {
        "protocol": wildcards["protocol"],
        "budgets": budgets(config),
        "findings": task["findings"],
        "datasets": datasets_of(task, "test"),
        "size_px": config["prepare"]["size_px"],
    }
    module = f"{STEPS}.finetune.protocols.{wildcards['protocol']}"
    return Decided(choices=choices, loaded=(module,))


def rank(config: Settings, wildcards: Wildcards) -> Decided:
    """Who is ranked on validation, against whom; the resampling."""
    choices = {
        "encoders": curricula.ranked(config),
        "baseline": config["evaluate"]["baseline"],
        "findings": config["tasks"][wildcards["task"]]["findings"],
        "bootstrap": config["evaluate"]["bootstrap"],
        "seed": config["seed"],
    }
    return Decided(choices=choices)


def curriculum(config: Settings, wildcards: Wildcards) -> Decided:
    """How each stage is trained, as its single arm is."""
    stages = curricula.stages(config)
    choices = {
        "stages": {stage: curricula.training(config, stage) for stage in stages},
        "baseline": config["evaluate"]["baseline"],
        "seed": config["seed"],
    }
    return Decided(choices=choices)


def export(config: Settings, wildcards: Wildcards) -> Decided:
    """Which classifier it is, and how its images were prepared."""
    applied.refuse_kind(config, wildcards["task"])
    task = config["tasks"][wildcards["task"]]
    named = {key: wildcards[key] for key in ("task", "encoder", "protocol", "budget")}
    choices = {
        **named,
        "findings": task["findings"],
        "uncertain": task["uncertain"],
        "dataset": task["data"],
        "preprocessing": applied.preprocessing(config),
        "size_px": config["prepare"]["size_px"],
        "sensitivity": config["finetune"]["sensitivity"],
        "seed": config["seed"],
    }
    return Decided(choices=choices)


def apply(config: Settings, wildcards: Wildcards) -> Decided:
    """Which images, and how large they are."""
    choices = {
        "dataset": wildcards["dataset"],
        "size_px": config["prepare"]["size_px"],
    }
    return Decided(choices=choices)

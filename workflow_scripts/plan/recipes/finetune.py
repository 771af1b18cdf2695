"""Recipes of the steps of `finetune`: how classifiers are trained and applied."""

from workflow_scripts.plan import applied, curricula
from workflow_scripts.plan.names import answered, budgets, datasets_of
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
    protocol, task = wildcards["protocol"], config["tasks"][wildcards["task"]]
    choices = {
        "protocol": protocol,
        "kind": task["kind"],
        "findings": answered(task),
        "positive_weights": task["positive_weights"],
        "cross_validate_below": config["sweep"]["cross_validate_below"],
        "options": config["finetune"].get(protocol, {}),
        "size_px": config["prepare"]["size_px"],
        "seed": config["seed"],
    }
    return Decided(choices=choices, loaded=_loaded(task["kind"], protocol))


def probe(config: Settings, wildcards: Wildcards) -> Decided:
    """How classifiers are trained, of all budgets at once."""
    return fit(config, wildcards)


def _loaded(kind: str, protocol: str) -> tuple[str, ...]:
    folder = f"{STEPS}.finetune"
    return f"{folder}.protocols.{protocol}", f"{folder}.kinds.{kind}"


def predict(config: Settings, wildcards: Wildcards) -> Decided:
    """The names that go with the files, in their order."""
    task = config["tasks"][wildcards["task"]]
    choices = {
        "protocol": wildcards["protocol"],
        "kind": task["kind"],
        "budgets": budgets(config),
        "findings": answered(task),
        "datasets": datasets_of(task, "test"),
        "size_px": config["prepare"]["size_px"],
    }
    loaded = _loaded(task["kind"], wildcards["protocol"])
    return Decided(choices=choices, loaded=loaded)


def rank(config: Settings, wildcards: Wildcards) -> Decided:
    """Who is ranked on validation, against whom; the resampling."""
    choices = {
        "encoders": curricula.ranked(config),
        "baseline": config["evaluate"]["baseline"],
        "findings": answered(config["tasks"][wildcards["task"]]),
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
    applied.refuse_kept(config, wildcards["task"], wildcards["protocol"])
    task = config["tasks"][wildcards["task"]]
    named = {key: wildcards[key] for key in ("task", "encoder", "protocol", "budget")}
    choices = {
        **named,
        "kind": task["kind"],
        "findings": answered(task),
        "uncertain": task["uncertain"],
        "dataset": task["data"],
        "preprocessing": applied.preprocessing(config),
        "size_px": config["prepare"]["size_px"],
        "sensitivity": config["finetune"]["sensitivity"],
        "seed": config["seed"],
    }
    loaded = _loaded(task["kind"], wildcards["protocol"])
    return Decided(choices=choices, loaded=loaded)


def apply(config: Settings, wildcards: Wildcards) -> Decided:
    """Which images, and how large they are."""
    choices = {
        "dataset": wildcards["dataset"],
        "size_px": config["prepare"]["size_px"],
    }
    kind = config["tasks"][wildcards["task"]]["kind"]
    loaded = _loaded(kind, wildcards["protocol"])
    return Decided(choices=choices, loaded=loaded)

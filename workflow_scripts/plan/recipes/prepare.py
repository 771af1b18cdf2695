"""Recipes of the steps of `prepare`: how images and patients are prepared."""

from typing import Any

from workflow_scripts.plan import lungs as finding
from workflow_scripts.plan.names import answered, datasets_of, neighbours, role, trained
from workflow_scripts.plan.recipes import STEPS, Decided, Wildcards
from workflow_scripts.plan.settings import Settings


def lung_examples(config: Settings, wildcards: Wildcards) -> Decided:
    """Which pictures teach the lung finder, and which test it."""
    lungs = config["prepare"]["lungs"]
    choices = {
        key: lungs[key] for key in ("examples", "validation_share", "test_share")
    }
    return Decided(choices={**choices, "seed": config["seed"]})


def lung_finder(config: Settings, wildcards: Wildcards) -> Decided:
    """How the lung finder is trained."""
    lungs = config["prepare"]["lungs"]
    choices = {key: lungs[key] for key in ("steps", "batch_size", "learning_rate")}
    return Decided(
        choices={
            **choices,
            "datasets": finding.taught_by(config),
            "seed": config["seed"],
        }
    )


def lung_check(config: Settings, wildcards: Wildcards) -> Decided:
    """Which finder is compared with the drawn lungs of which datasets."""
    choices = {
        "finder": finding.finder(config),
        "datasets": finding.drawn(config),
        "taught_by": finding.taught_here(config),
        "bootstrap": config["evaluate"]["bootstrap"],
        "seed": config["seed"],
    }
    return Decided(choices=choices, loaded=(_finder(config),))


def lungs(config: Settings, wildcards: Wildcards) -> Decided:
    """Which finder."""
    choices = {"finder": finding.finder(config)}
    return Decided(choices=choices, loaded=(_finder(config),))


def _finder(config: Settings) -> str:
    return f"{STEPS}.prepare.finders.{finding.finder(config)}"


def store(config: Settings, wildcards: Wildcards) -> Decided:
    """What is kept of a picture, and at which size."""
    prepare = config["prepare"]
    asked = ("size_px", "crop", "margin", "contrast", "clahe_clip")
    choices: dict[str, Any] = {key: prepare[key] for key in asked}
    return Decided(
        choices={**choices, "least_quality": prepare["lungs"]["least_quality"]}
    )


def drawn(config: Settings, wildcards: Wildcards) -> Decided:
    """How large an image is."""
    return Decided(choices={"size_px": config["prepare"]["size_px"]})


def index(config: Settings, wildcards: Wildcards) -> Decided:
    """How large an image is."""
    return Decided(choices={"size_px": config["prepare"]["size_px"]})


def intensity(config: Settings, wildcards: Wildcards) -> Decided:
    """How large an image is, and of which dataset."""
    choices = {
        "dataset": wildcards["dataset"],
        "size_px": config["prepare"]["size_px"],
    }
    return Decided(choices=choices)


def splits(config: Settings, wildcards: Wildcards) -> Decided:
    """How patients are divided."""
    prepare = config["prepare"]
    choices = {
        "role": role(config, wildcards["dataset"]),
        "validation_share": prepare["validation_share"],
        "test_share": prepare["test_share"],
        "seed": config["seed"],
    }
    return Decided(choices=choices)


def targets(config: Settings, wildcards: Wildcards) -> Decided:
    """What the task asks, and what uncertain means."""
    task = config["tasks"][wildcards["task"]]
    choices = {
        "datasets": datasets_of(task, wildcards["part"]),
        "kind": task["kind"],
        "findings": task["findings"],
        "answered": answered(task),
        "uncertain": task["uncertain"],
    }
    return Decided(choices=choices)


def order(config: Settings, wildcards: Wildcards) -> Decided:
    """How often is drawn, and what every budget must hold."""
    sweep, task = config["sweep"], config["tasks"][wildcards["task"]]
    choices = {key: sweep[key] for key in ("draws", "least_patients")}
    return Decided(choices={**choices, "kind": task["kind"], "seed": config["seed"]})


def draw(config: Settings, wildcards: Wildcards) -> Decided:
    """Nothing to choose."""
    return Decided()


def draws(config: Settings, wildcards: Wildcards) -> Decided:
    """Nothing to choose."""
    return Decided()


def near(config: Settings, wildcards: Wildcards) -> Decided:
    """The names that go with the files, in their order."""
    return Decided(choices={"datasets": list(config["datasets"])})


def pool(config: Settings, wildcards: Wildcards) -> Decided:
    """Which datasets the encoder is pretrained on, and who must not be among them."""
    encoder = config["encoders"][wildcards["encoder"]]
    choices = {
        "datasets": encoder["data"],
        "walls": neighbours(config, encoder["data"]),
        "patients": encoder["patients"],
        "seed": config["seed"],
        "transductive": encoder["transductive"],
    }
    return Decided(choices=choices)


def pool_targets(config: Settings, wildcards: Wildcards) -> Decided:
    """Which findings the encoder learns, and what uncertain means."""
    encoder = config["encoders"][wildcards["encoder"]]
    choices = {
        "datasets": encoder["data"],
        "findings": encoder["findings"],
        "uncertain": encoder["uncertain"],
    }
    return Decided(choices=choices)


def leakage(config: Settings, wildcards: Wildcards) -> Decided:
    """The names that go with the files, in their order."""
    encoders = trained(config)
    choices = {
        "datasets": list(config["datasets"]),
        "encoders": encoders,
        "pools": [config["encoders"][n]["data"] for n in encoders],
        "transductive": [n for n in encoders if config["encoders"][n]["transductive"]],
        "tasks": [datasets_of(t, "test") for t in config["tasks"].values()],
    }
    return Decided(choices=choices)


def ready(config: Settings, wildcards: Wildcards) -> Decided:
    """Nothing to choose."""
    return Decided()

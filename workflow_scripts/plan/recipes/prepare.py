"""Recipes of the steps of `prepare`: how images and patients are prepared."""

from workflow_scripts.plan.names import datasets_of, neighbours, role, trained
from workflow_scripts.plan.recipes import Decided, Wildcards
from workflow_scripts.plan.settings import Settings


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


def store(config: Settings, wildcards: Wildcards) -> Decided:
    """What is kept of a picture, and at which size."""
    prepare = config["prepare"]
    return Decided(choices={key: prepare[key] for key in ("size_px", "crop", "margin")})


def targets(config: Settings, wildcards: Wildcards) -> Decided:
    """What the task asks, and what uncertain means."""
    task = config["tasks"][wildcards["task"]]
    choices = {
        "datasets": datasets_of(task, wildcards["part"]),
        "findings": task["findings"],
        "uncertain": task["uncertain"],
    }
    return Decided(choices=choices)


def draw(config: Settings, wildcards: Wildcards) -> Decided:
    """Which patients' labels may be used."""
    return Decided(choices={"draws": config["sweep"]["draws"], "seed": config["seed"]})


def draws(config: Settings, wildcards: Wildcards) -> Decided:
    """Nothing to choose."""
    return Decided()


def pool(config: Settings, wildcards: Wildcards) -> Decided:
    """Which datasets the encoder is pretrained on, and who must not be among them."""
    datasets = config["encoders"][wildcards["encoder"]]["data"]
    return Decided(
        choices={"datasets": datasets, "walls": neighbours(config, datasets)}
    )


def leakage(config: Settings, wildcards: Wildcards) -> Decided:
    """The names that go with the files, in their order."""
    choices = {
        "datasets": list(config["datasets"]),
        "encoders": trained(config),
        "tasks": [datasets_of(t, "test") for t in config["tasks"].values()],
        "size_px": config["prepare"]["size_px"],
    }
    return Decided(choices=choices)


def ready(config: Settings, wildcards: Wildcards) -> Decided:
    """Nothing to choose."""
    return Decided()

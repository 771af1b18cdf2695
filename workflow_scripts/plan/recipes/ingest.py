"""Recipes of the steps of `ingest`: how files are read."""

from pathlib import Path

from workflow_scripts.plan import archive
from workflow_scripts.plan.recipes import STEPS, Decided, Wildcards
from workflow_scripts.plan.settings import Settings, simulated


def _key_file(config: Settings, dataset: Settings) -> str:
    """Phantoms need no secret, and without one their numbers are the same anywhere."""
    return "" if simulated(config, dataset) else config["ingest"]["key_file"]


def _state(config: Settings, dataset: Settings) -> str:
    """Say in which state the files are that no rule declares: pictures and masks.

    The label table is declared, so a label that is edited decodes nothing again.
    """
    if simulated(config, dataset):
        return "simulated"
    root = Path(dataset["root"])
    labels = dataset["labels"]
    state = archive.state(root, root / labels["table"] if labels else None)
    if dataset["lung_masks"]:
        state += archive.state(root / dataset["lung_masks"], None)
    return state


def find(config: Settings, wildcards: Wildcards) -> Decided:
    """The state of the folder stands in for its files, which are not declared."""
    dataset = config["datasets"][wildcards["dataset"]]
    choices = {
        "key_file": _key_file(config, dataset),
        "state": _state(config, dataset),
    }
    return Decided(choices=choices)


def decode(config: Settings, wildcards: Wildcards) -> Decided:
    """How pixels and headers are read."""
    dataset = config["datasets"][wildcards["dataset"]]
    ingest = config["ingest"]
    choices = {
        "key_file": _key_file(config, dataset),
        "state": _state(config, dataset),
        "site": dataset["site"] or wildcards["dataset"],
        "shards": ingest["shards"],
        "long_side_px": ingest["long_side_px"],
        "views": ingest["views"],
    }
    return Decided(choices=choices)


def gather(config: Settings, wildcards: Wildcards) -> Decided:
    """How the label table is understood."""
    dataset = config["datasets"][wildcards["dataset"]]
    choices = {
        "adapter": dataset["adapter"],
        "key_file": _key_file(config, dataset),
        "site": dataset["site"] or wildcards["dataset"],
        "patients": dataset["patients"],
        "labels": dataset["labels"],
        "views": config["ingest"]["views"],
    }
    return Decided(
        choices=choices, loaded=(f"{STEPS}.ingest.datasets.{dataset['adapter']}",)
    )

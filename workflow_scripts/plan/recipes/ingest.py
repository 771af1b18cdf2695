"""Recipes of the steps of `ingest`: how files are read."""

from pathlib import Path

from workflow_scripts.plan import archive
from workflow_scripts.plan.recipes import STEPS, Decided, Wildcards
from workflow_scripts.plan.settings import Settings, simulated


def _key_file(config: Settings, dataset: Settings) -> str:
    """Phantoms need no secret, and without one their numbers are the same anywhere."""
    return "" if simulated(config, dataset) else config["ingest"]["key_file"]


def find(config: Settings, wildcards: Wildcards) -> Decided:
    """The state of the folder stands in for its files, which are not declared."""
    dataset = config["datasets"][wildcards["dataset"]]
    outside = not simulated(config, dataset)
    state = archive.state(Path(dataset["root"])) if outside else "simulated"
    return Decided(choices={"key_file": _key_file(config, dataset), "state": state})


def decode(config: Settings, wildcards: Wildcards) -> Decided:
    """How pixels and headers are read."""
    dataset = config["datasets"][wildcards["dataset"]]
    ingest = config["ingest"]
    choices = {
        "key_file": _key_file(config, dataset),
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

"""Recipes of the steps of `report`: what the page shows."""

import copy

from workflow_scripts.plan.recipes import Decided, Wildcards
from workflow_scripts.plan.settings import Settings, simulated


def page(config: Settings, wildcards: Wildcards) -> Decided:
    """The names that go with the files, and the config as the page shows it."""
    choices = {
        "title": config["report"]["title"],
        "example_images": config["report"]["example_images"],
        "datasets": list(config["datasets"]),
        "encoders": list(config["encoders"]),
        "tasks": list(config["tasks"]),
        "size_px": config["prepare"]["size_px"],
        "phantom": [n for n, d in config["datasets"].items() if simulated(config, d)],
        "config": _shown(config),
    }
    return Decided(choices=choices)


def _shown(config: Settings) -> Settings:
    """Return the config without where things lie: a path may hold a name."""
    shown = copy.deepcopy(config)
    del shown["ingest"]["key_file"]
    for dataset in shown["datasets"].values():
        del dataset["root"], dataset["lung_masks"]
        if dataset["labels"]:
            del dataset["labels"]["table"]
    for encoder in shown["encoders"].values():
        if encoder.get("weights", "").startswith("file:"):
            encoder["weights"] = "file"
    return shown

"""Recipes of the steps of `report`: what the page shows."""

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
        "config": config,
    }
    return Decided(choices=choices)

"""Recipes of the steps of `report`: what the page shows."""

from typing import Any

from workflow_scripts.plan import lungs
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
        "finder": lungs.finder(config),
        "phantom": [n for n, d in config["datasets"].items() if simulated(config, d)],
        "config": _shown(config),
    }
    return Decided(choices=choices)


def _shown(config: Settings) -> dict[str, Any]:
    """Return the config without where things lie: a path may hold a name."""
    hidden = {"root", "lung_masks", "table", "key_file"}

    def cleaned(part: object) -> object:
        if isinstance(part, dict):
            kept = {key: value for key, value in part.items() if key not in hidden}
            return {key: cleaned(value) for key, value in kept.items()}
        return "file" if isinstance(part, str) and part.startswith("file:") else part

    shown: dict[str, Any] = {key: cleaned(value) for key, value in config.items()}
    lungs_shown = shown["prepare"]["lungs"]
    lungs_shown["weights"] = "file" if lungs_shown["weights"] else None
    return shown

"""What decides each rule's result besides its files: one file for each stage.

A stage's file holds one function for each step. It takes the checked config and the
wildcards, and returns the modules behind the step and the choices that its `Recipe`
wants. What is not returned cannot change the result, and what is returned re-runs the
rule when it changes.
"""

from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import Any

Wildcards = dict[str, str]
STEPS = "workflow_scripts"


@dataclass(frozen=True, kw_only=True)
class Decided:
    """The choices of one job, and modules loaded by name besides the step's own."""

    choices: dict[str, Any] = field(default_factory=dict)
    loaded: tuple[str, ...] = ()


def load(stage: str) -> ModuleType:
    """Return the recipes of the steps of `stage`."""
    return import_module(f"{__name__}.{stage}")

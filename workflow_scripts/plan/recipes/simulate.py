"""Recipes of the steps of `simulate`: a cohort of phantoms."""

from workflow_scripts.plan.recipes import Decided, Wildcards
from workflow_scripts.plan.settings import Settings


def cohort(config: Settings, wildcards: Wildcards) -> Decided:
    """One cohort of phantoms."""
    cohort = config["simulate"][wildcards["dataset"]]
    return Decided(choices={**cohort, "seed": config["seed"]})

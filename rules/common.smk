"""The checked config, the wildcards' forms, and the recipe, for all rules files."""

import json
import shlex
import shutil
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

from workflow_scripts.core import sources
from workflow_scripts.core.errors import InputError
from workflow_scripts.plan import applied, misfits, names, recipes, settings

try:
    settings.fill(config)
    asked = applied.taken_out(config)  # of the study nothing changes by it
    misfits.refuse(config)
    files = applied.Study(config, asked)
except InputError as error:
    raise WorkflowError(str(error))

# Jobs that use a GPU ask for one where there is one, or where they are sent elsewhere;
# `--resources gpu=1` then lets them take turns. A cluster's profile sets its own.
GPU = int(workflow.non_local_exec or shutil.which("nvidia-smi") is not None)


def gpus(wildcards):
    """Return how many GPUs an encoder is trained on: one for each process."""
    return GPU * config["encoders"][wildcards.encoder]["processes"]


# Steps run as `python -m workflow_scripts.<stage>.<step>` from any --directory, with the
# interpreter that runs Snakemake; under --sdm conda, with that of the environment.
shell.prefix(
    "set -euo pipefail; "
    + f"export PYTHONPATH={shlex.quote(str(workflow.basedir))}; "
    + (
        ""
        if workflow.deployment_settings.deployment_method
        else f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH; "
    )
)


def any_of(names):
    """Return a pattern that matches just `names`; nothing, if there are none."""
    return "|".join(names) or "(?!)"


wildcard_constraints:
    dataset=any_of(files.config["datasets"]),
    encoder=any_of(config["encoders"]),
    task=any_of(config["tasks"]),
    protocol=any_of(config["sweep"]["protocols"]),
    budget=r"[0-9.]+(pct|perclass)?",
    shard=r"\d+",
    part="development|test",


def recipe(rule):
    """Pack all that decides a rule's result besides its input files.

    One string, because Snakemake compares params as a set without their names.
    """
    stage, _, step = rule.partition("_")

    def as_json(wildcards):
        named = dict(wildcards)
        known = files.known_to(named)
        decided = getattr(recipes.load(stage), step)(known, named)
        modules = f"workflow_scripts.{stage}.{step}", *decided.loaded
        packed = {
            "rule": rule,
            "wildcards": named,
            "choices": decided.choices,
            "code": sources.stamps(*modules),
            "pins": sources.pins_digest(),
        }
        return json.dumps(packed, sort_keys=True)

    return as_json

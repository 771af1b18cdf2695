"""Mark the encoders that had learnt labels by a star, wherever they are named."""

import dataclasses
from typing import Any

import pandas as pd

from workflow_scripts.report.material import Encoder, Material, Task

MARK = "*"

Names = dict[str, str]  # what an encoder is called on the page, by its name


def marked(material: Material) -> Material:
    """Return `material` with a star behind the name of each taught encoder.

    All of it is renamed, the config as well: no part of the page can forget the mark.
    """
    names = {name: f"{name}{MARK}" for name in material.taught}
    return dataclasses.replace(
        material,
        config=_config(material.config, names),
        tasks=[_task(task, names) for task in material.tasks],
        encoders=[_encoder(encoder, names) for encoder in material.encoders],
        leakage=_table(material.leakage, names),
    )


def _config(config: dict[str, Any], names: Names) -> dict[str, Any]:
    encoders = {
        names.get(name, name): choice
        | {key: names.get(choice[key], choice[key]) for key in choice if key == "from"}
        for name, choice in config["encoders"].items()
    }
    sweep, evaluate = config["sweep"], config["evaluate"]
    arms = [names.get(name, name) for name in sweep["encoders"]]
    baseline = names.get(evaluate["baseline"], evaluate["baseline"])
    return {
        **config,
        "encoders": encoders,
        "sweep": {**sweep, "encoders": arms},
        "evaluate": {**evaluate, "baseline": baseline},
    }


def _task(task: Task, names: Names) -> Task:
    efficiency = task.efficiency
    reached = {  # as evaluation calls the scores that a baseline reaches
        f"{old} at {budget}": f"{new} at {budget}"
        for old, new in names.items()
        for budget in task.metrics["budget"].unique()
    }
    return dataclasses.replace(
        task,
        metrics=_table(task.metrics, names),
        comparisons=_table(task.comparisons, names),
        efficiency=_table(efficiency.replace({"reached_by": reached}), names),
    )


def _encoder(encoder: Encoder, names: Names) -> Encoder:
    lineage = [names.get(name, name) for name in encoder.lineage]
    return dataclasses.replace(encoder, name=lineage[-1], lineage=lineage)


def _table(table: pd.DataFrame, names: Names) -> pd.DataFrame:
    """Return `table` with other names where it names encoders."""
    columns = [name for name in ("encoder", "baseline") if name in table]
    return table.replace(dict.fromkeys(columns, names)) if names else table

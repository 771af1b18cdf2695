"""What the sweep cost, and whether it was the same for every encoder."""

import pandas as pd

from workflow_scripts.report.material import Material, records
from workflow_scripts.report.words import count, listed, plain

CELL = ["task", "protocol", "budget"]


def sentence(material: Material) -> str:
    """Say how much was tried, and who was given more."""
    cost = by_arm(material)
    text = (
        f"The sweep tried {count(cost['n_tried'].sum())} settings for "
        f"{count(cost['classifiers'].sum())} classifiers, and its optimisers took "
        f"{count(cost['n_steps'].sum())} steps in all"
    )
    differ = cost.groupby(CELL)[["n_tried", "n_steps"]].transform("nunique").max(axis=1)
    if not len(odd := cost[differ > 1]):
        return f"{text}: at every protocol and budget as many for every encoder."
    each = odd.groupby(["protocol", "encoder"], sort=False)["n_steps"].sum()
    told = [
        f"{one['encoder']} by {plain(one['protocol'])} {count(one['n_steps'])}"
        for one in records(each.reset_index())
    ]
    return (
        f"{text}: not as many for every encoder. Steps where they differ: "
        f"{listed(told)}."
    )


def by_arm(material: Material) -> pd.DataFrame:
    """Return settings tried and steps taken of each task, encoder, protocol, budget."""
    parts = []
    for task in material.tasks:
        cells = ["encoder", "protocol", "budget"]
        single = task.metrics[task.metrics["draw"] != "all"]
        parts.append(
            single.drop_duplicates([*cells, "draw"])
            .groupby(cells, sort=False)
            .agg(
                classifiers=("draw", "size"),
                n_tried=("n_tried", "sum"),
                n_steps=("n_steps", "sum"),
            )
            .reset_index()
            .assign(task=task.name)
        )
    return pd.concat(parts, ignore_index=True)

"""How many labelled images a score costs, with each encoder."""

import math
from typing import Any

from workflow_scripts.report import learnt
from workflow_scripts.report.blocks import Block, Fold, Grid, Section, Text
from workflow_scripts.report.material import (
    MACRO,
    Material,
    Task,
    records,
    rows_where,
)
from workflow_scripts.report.words import MISSING, TIMES, count, plain, score

INTRODUCTION = (
    "Read off the curves (made monotone, straight between the budgets that were "
    "tried, over the logarithm of the number of labels). Nothing is guessed outside "
    "the budgets tried: “≤” means that the fewest labels tried were already enough, "
    "“>” that the most labels tried were not. In brackets, 95% intervals."
)
SAVINGS = (
    "Labelled images that {baseline} needs for the score, divided by those that the "
    "encoder needs: above 1 the encoder saves labels, below 1 it costs some."
)


def section(material: Material) -> Section:
    """Return the section with the labels needed, for all tasks."""
    blocks: list[Block] = [Text(text=INTRODUCTION)]
    blocks += [Text(text=told) for told in learnt.left_out(material)]
    for task in material.tasks:
        for protocol in task.protocols:
            blocks.append(_needed(material, task, protocol, task.data))
            blocks.append(_saved(material, task, protocol, task.data))
        folded: list[Block] = []
        for dataset in task.external:
            for protocol in task.protocols:
                folded.append(_needed(material, task, protocol, dataset))
                folded.append(_saved(material, task, protocol, dataset))
        if folded:
            summary = f"{task.name}: to reach the scores at the other hospital"
            blocks.append(Fold(summary=summary, blocks=folded))
    heading = "How many labels do I need?"
    return Section(anchor="labels", heading=heading, blocks=blocks)


Cells = dict[str, dict[str, Any]]


def _targets(
    material: Material, task: Task, protocol: str, dataset: str
) -> list[tuple[float, str, Cells]]:
    """Return each score with whose it is and the rows of all encoders, lowest first.

    Only of encoders that count, and without scores that none of them reaches.
    """
    counted = material.of_counted(task.efficiency)
    rows = rows_where(counted, finding=MACRO, protocol=protocol, dataset=dataset)
    found = []
    for _, group in rows.groupby(["target", "reached_by"], sort=True):
        if (group["reach"] == "beyond").all():
            continue
        cells = {str(row["encoder"]): row for row in records(group)}
        first = next(iter(cells.values()))
        found.append((float(first["target"]), str(first["reached_by"]), cells))
    return found


def _needed(material: Material, task: Task, protocol: str, dataset: str) -> Grid:
    results = task.results(dataset=dataset, protocol=protocol, finding=MACRO)
    fewest, most = results["n_labels"].min(), results["n_labels"].max()
    rows = []
    for target, reached_by, cells in _targets(material, task, protocol, dataset):
        costs = [
            cost(cells[name], fewest, most) if name in cells else MISSING
            for name in material.counted
        ]
        rows.append([score(target), reached_by, *costs])
    return Grid(
        caption=f"{task.name}, {plain(protocol)}, {dataset}: labelled images needed",
        head=[f"{task.measure} to reach", "reached by", *material.counted],
        rows=rows,
        n_text=2,
        link=task.link("efficiency"),
    )


def cost(row: dict[str, Any], fewest: float, most: float) -> str:
    """Return labels and interval, bounded by the labels that were tried."""

    def bounded(number: float) -> str:
        if math.isinf(number):
            return f"> {count(most)}"
        return f"≤ {count(number)}" if number <= fewest else count(number)

    low, high = bounded(row["low"]), bounded(row["high"])
    needed = f"> {count(most)}"
    if row["reach"] != "beyond":
        sign = "≤ " if row["reach"] == "at_most" else ""
        needed = f"{sign}{count(row['n_labels'])}"
    return needed if low == high else f"{needed} [{low}, {high}]"


def _saved(material: Material, task: Task, protocol: str, dataset: str) -> Fold:
    others = [name for name in material.counted if name != material.baseline]
    rows = [
        [
            *(score(target), reached_by),
            *(_ratio(cells[n]) if n in cells else MISSING for n in others),
        ]
        for target, reached_by, cells in _targets(material, task, protocol, dataset)
    ]
    caption = (
        f"{task.name}, {plain(protocol)}, {dataset}: labels of {material.baseline}"
    )
    grid = Grid(
        caption=f"{caption} for one of the encoder's",
        head=[f"{task.measure} to reach", "reached by", *others],
        rows=rows,
        n_text=2,
        link=task.link("efficiency"),
    )
    explained = Text(text=SAVINGS.format(baseline=material.baseline))
    summary = f"{plain(protocol)}, {dataset}: the same as labels saved"
    return Fold(summary=summary, blocks=[explained, grid])


def _ratio(row: dict[str, Any]) -> str:
    low, high = row["equivalent_low"], row["equivalent_high"]
    if math.isnan(low) or (low == 0 and math.isinf(high)):
        return "unknown"
    ends = f"{low:.1f}{TIMES}", "open" if math.isinf(high) else f"{high:.1f}{TIMES}"
    if math.isnan(row["equivalent"]):
        return f"[{ends[0]}, {ends[1]}]"
    sign = "≥ " if row["reach"] == "at_most" else ""
    return f"{sign}{row['equivalent']:.1f}{TIMES} [{ends[0]}, {ends[1]}]"

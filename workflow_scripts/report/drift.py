"""What another hospital costs: own test patients against external ones."""

from workflow_scripts.report.blocks import Block, Grid, Section, Text
from workflow_scripts.report.material import (
    MACRO,
    Material,
    Task,
    records,
    rows_where,
)
from workflow_scripts.report.words import (
    count,
    plain,
    signed,
    with_interval,
)

INTRODUCTION = (
    "The same classifiers on patients of another hospital, whose images took no part "
    "in training or choosing. A negative change is what the move costs. It mixes "
    "scanners, patients, labels and chance, and is not tested; compare the intervals."
)


def section(material: Material) -> Section:
    """Return the section on drift; it says so where there is no other hospital."""
    blocks: list[Block] = [
        Grid(
            caption=f"{task.name}: {task.measure} on {task.data} and on {external}",
            head=[
                *("protocol", "encoder", "budget", "images"),
                *(task.data, external, "change"),
            ],
            rows=_rows(material, task, external),
            n_text=3,
            link=task.link("metrics"),
        )
        for task in material.tasks
        for external in task.external
    ]
    if blocks:
        blocks.insert(0, Text(text=INTRODUCTION))
    else:
        blocks = [Text(text="No other hospital was tested: nothing is known of drift.")]
    return Section(anchor="drift", heading="At another hospital", blocks=blocks)


def _rows(material: Material, task: Task, external: str) -> list[list[str]]:
    rows = []
    for protocol in task.protocols:
        for encoder in material.arms:
            results = task.results(protocol=protocol, encoder=encoder, finding=MACRO)
            away = rows_where(results, dataset=external)
            there_by_budget = {row["budget"]: row for row in records(away)}
            home = rows_where(results, dataset=task.data).sort_values("n_labels")
            for row in records(home):
                there = there_by_budget[row["budget"]]
                rows.append(
                    [
                        *(plain(protocol), encoder, row["budget"]),
                        count(row["n_labels"]),
                        with_interval(row["value"], row["low"], row["high"]),
                        with_interval(there["value"], there["low"], there["high"]),
                        signed(round(there["value"], 3) - round(row["value"], 3)),
                    ]
                )
    return rows

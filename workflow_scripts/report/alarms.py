"""Say where trivial models come near what the encoders reach."""

from typing import Any

import pandas as pd

from workflow_scripts.report.marks import MARK
from workflow_scripts.report.material import (
    MACRO,
    Material,
    Task,
    records,
    rows_where,
)
from workflow_scripts.report.words import listed, plain, score

SOLVED = 0.9  # AUROC of a trivial model
NEAR = 0.03  # AUROC below the best encoder

Row = dict[str, Any]


def warnings(material: Material) -> list[str]:
    """Return a paragraph for each task that trivial models nearly solve."""
    return [f"Beware. {verdict(task)}" for task in material.tasks if alarms(task)]


def verdict(task: Task) -> str:
    """Say in a sentence or two how near trivial models come, finding by finding."""
    if told := alarms(task):
        every = len(told) == len(task.findings)
        which = "this task" if every else listed(list(told))
        rest = "" if every else " For the other findings no trivial model comes near."
        said = " ".join(f"{sentence}." for sentence in told.values())
        return f"{task.name}: {said} A result on {which} may rest on no more.{rest}"
    highest = _highest(task, MACRO)
    if not highest:
        return f"{task.name}: no trivial model could be measured."
    return (
        f"{task.name}: no trivial model comes near. The highest is "
        f"{_named(highest[:1])}{_against(task, MACRO)}."
    )


def alarms(task: Task) -> dict[str, str]:
    """Say of each finding that trivial models come near, which do, and how near.

    A trivial model alarms that reaches 0.9 on development or test patients of the
    task's own dataset, or what the best encoder reaches there less 0.03.
    """
    told = {}
    for finding in task.findings:
        highest, best = _highest(task, finding), best_encoder(task, finding)
        solved = [row for row in highest if row["auroc"] >= SOLVED]
        near = [r for r in highest if best and r["auroc"] >= best["value"] - NEAR]
        if solved:
            told[finding] = f"{finding} is nearly solved by {_named(solved)}"
        elif near:
            told[finding] = f"{finding} is told about as well by {_named(near)}"
        if finding in told:
            told[finding] += _against(task, finding)
    return told


def best_encoder(task: Task, finding: str, encoder: str | None = None) -> Row | None:
    """Return the row of metrics with the highest AUROC at the largest budget.

    On the task's own test patients, over all protocols; of one encoder, or of all but
    those marked: an upper reference must not make the others' results look far off.
    """
    rows = task.results(dataset=task.data, finding=finding)
    rows = rows[rows["n_labels"] == rows["n_labels"].max()]
    if encoder is None:
        rows = rows[~rows["encoder"].str.endswith(MARK)]
    else:
        rows = rows_where(rows, encoder=encoder)
    rows = rows[rows["value"].notna()].sort_values("value", kind="stable")
    return records(rows)[-1] if len(rows) else None


def _highest(task: Task, finding: str) -> list[Row]:
    """Return each shortcut where its AUROC is higher, the highest first."""
    rows = rows_where(task.shortcuts, dataset=task.data, finding=finding)
    rows = rows[rows["auroc"].notna()].sort_values(
        "auroc", ascending=False, kind="stable"
    )
    return records(pd.DataFrame(rows.drop_duplicates("shortcut")))


def _named(rows: list[Row]) -> str:
    return listed(
        [
            f"{plain(row['shortcut'])} ({score(row['auroc'])} on {row['split']} "
            "patients)"
            for row in rows
        ]
    )


def _against(task: Task, finding: str) -> str:
    best = best_encoder(task, finding)
    if not best:
        return ""
    return (
        f"; the best encoder, {best['encoder']}, reaches {score(best['value'])} on "
        "test patients"
    )

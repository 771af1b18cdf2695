"""The label-efficiency curves: what more labels bring, for each encoder."""

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from workflow_scripts.report import learnt
from workflow_scripts.report.blocks import Block, Fold, Panel, Panels, Section, Text
from workflow_scripts.report.drawing import Look, chart, looks, svg
from workflow_scripts.report.material import MACRO, MEASURES, Material, Task, rows_where
from workflow_scripts.report.shortcuts import beside
from workflow_scripts.report.words import plain

INTRODUCTION = (
    "Each chart shows how well the test images are {shown} as more labelled images are "
    "used. Lines are means over the draws of labels, faint marks the single draws, "
    "bars 95% intervals. Where bars of two encoders overlap, look at the paired "
    "comparison below: it is sharper. Below each chart stands what trivial models, "
    "which cannot read lungs, reach there, if any were tried."
)

SHOWN = {
    "auroc": "ranked (AUROC: 0.5 is chance, 1 is perfect)",
    "dice": "segmented (Dice: 0 is nothing in common, 1 is perfect)",
}


def section(material: Material) -> Section:
    """Return the section with the curves of all tasks."""
    shown = dict.fromkeys(SHOWN[task.metric] for task in material.tasks)
    told = INTRODUCTION.format(shown=" or ".join(shown))
    blocks: list[Block] = [Text(text=told), *learnt.notices(material)]
    known = looks(material.arms, material.baseline)
    for task in material.tasks:
        panels = _panels(material, task, MACRO, known)
        caption = f"{task.name}: mean over {len(task.findings)} findings"
        if len(task.findings) == 1:
            caption = f"{task.name}: {task.findings[0]}"
        blocks.append(Panels(caption=caption, panels=panels, link=task.link("metrics")))
        if len(task.findings) > 1:
            blocks.append(_by_finding(material, task, known))
    return Section(anchor="curves", heading="What more labels bring", blocks=blocks)


def _by_finding(material: Material, task: Task, known: dict[str, Look]) -> Fold:
    rows: list[Block] = [
        Panels(
            caption=f"{task.name}: {finding}",
            panels=_panels(material, task, finding, known),
            small=True,
            link=task.link("metrics"),
        )
        for finding in task.findings
    ]
    return Fold(summary=f"{task.name}: every finding by itself", blocks=rows)


def _panels(
    material: Material, task: Task, finding: str, known: dict[str, Look]
) -> list[Panel]:
    """Draw one finding: every protocol, on every dataset, with one scale."""
    shown = rows_where(task.metrics, finding=finding, metric=task.metric)
    lowest = np.nanmin([*shown[["value", "low"]].to_numpy().ravel(), 1.0])
    bottom = np.floor(lowest * 20) / 20
    panels = []
    for protocol in task.protocols:
        for dataset in task.datasets:
            rows = rows_where(shown, protocol=protocol, dataset=dataset)
            where = "own test patients" if dataset == task.data else "another hospital"
            heading = f"{plain(protocol)} · {dataset} ({where})"
            drawn = draw(rows, known, bottom, f"{finding}, {heading}")
            note = beside(task, dataset, finding)
            panels.append(Panel(heading=heading, svg=drawn, note=note))
    return panels


def draw(
    rows: pd.DataFrame, known: dict[str, Look], bottom: float, label: str
) -> Markup:
    """Draw the learning curves of the encoders in `rows` (of the table of metrics)."""
    together = rows[(rows["draw"] == "all") & rows["value"].notna()]
    with chart(4.6, 3.0) as figure:
        axes = figure.add_subplot()
        ends = {}
        for number, (encoder, look) in enumerate(known.items()):
            curve = rows_where(together, encoder=encoder).sort_values("n_labels")
            if curve.empty:
                continue
            shift = 1.0 + 0.025 * (number - (len(known) - 1) / 2)
            singles = rows_where(rows, encoder=encoder)
            _line(axes, curve, singles[singles["draw"] != "all"], shift, look)
            ends[encoder] = float(curve["value"].iloc[-1])
        _scale(axes, together, bottom)
        _label_ends(axes, ends, together["n_labels"].max(), known, bottom)
        return svg(figure, f"Learning curves: {label}")


def _line(
    axes: Axes, curve: pd.DataFrame, singles: pd.DataFrame, shift: float, look: Look
) -> None:
    value = curve["value"]
    around = np.array([value - curve["low"], curve["high"] - value]).clip(0)
    axes.errorbar(
        curve["n_labels"] * shift,
        value,
        yerr=np.nan_to_num(around),
        color=look.colour,
        marker=look.marker,
        linestyle=look.line,
        markersize=4.5,
        linewidth=1.6,
        elinewidth=1.0,
        capsize=2,
    )
    axes.plot(
        *(singles["n_labels"] * shift, singles["value"]),
        color=look.colour,
        marker=look.marker,
        linestyle="",
        markersize=2.5,
        alpha=0.35,
    )


def _scale(axes: Axes, together: pd.DataFrame, bottom: float) -> None:
    """Name every budget that is no count of patients below its number of images."""
    axes.set_xscale("log")
    ticks = together.groupby("budget")["n_labels"].mean().sort_values()
    axes.xaxis.set_major_locator(FixedLocator(list(ticks)))
    axes.xaxis.set_minor_locator(NullLocator())
    names = [
        f"{n:,.0f}" + ("" if str(budget).isdigit() else f"\n({budget})")
        for budget, n in ticks.items()
    ]
    axes.set_xticklabels(names)
    axes.set_xlabel("labelled images used (log scale)")
    measures = [str(name) for name in together["metric"].unique()]
    axes.set_ylabel(", ".join(MEASURES[name] for name in measures))
    axes.set_ylim(bottom, 1.0)
    if bottom < 0.5 and measures == ["auroc"]:
        axes.axhline(0.5, color="#999999", linewidth=0.8)


def _label_ends(
    axes: Axes,
    ends: dict[str, float],
    last: float,
    known: dict[str, Look],
    bottom: float,
) -> None:
    """Write each encoder's name beside its line's end, names kept apart."""
    step = 0.075 * (1.0 - bottom)
    above = np.inf
    for encoder, value in sorted(ends.items(), key=lambda item: -item[1]):
        height = min(value, above - step)
        above = height
        axes.annotate(
            encoder,
            (last, height),
            xytext=(9, 0),
            textcoords="offset points",
            color=known[encoder].colour,
            va="center",
            fontweight="bold",
            annotation_clip=False,
        )

"""Every encoder against the baseline: forest plots and the numbers in them."""

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.ticker import MaxNLocator

from workflow_scripts.report.blocks import (
    Block,
    Fold,
    Grid,
    Panel,
    Panels,
    Section,
    Text,
)
from workflow_scripts.report.drawing import chart, looks, svg
from workflow_scripts.report.material import (
    MACRO,
    MEASURES,
    Material,
    Task,
    records,
    rows_where,
)
from workflow_scripts.report.verdicts import verdict
from workflow_scripts.report.words import (
    count,
    p_value,
    plain,
    signed,
    signed_with_interval,
)

INTRODUCTION = (
    "Differences in {measures} from {baseline}, on the same test patients and the same "
    "draws of labels. Marks right of the line speak for the encoder, left of it "
    "against; where the bar crosses the line no difference was shown. p is adjusted "
    "(Holm) for all encoders, budgets and protocols on one dataset; that is the "
    "declared family. Single findings are a second family, and exploratory."
)
HEAD = ["encoder", "protocol", "budget", "shown", "images", "difference [95%]"]


def section(material: Material) -> Section:
    """Return the section with all comparisons."""
    measures = " or ".join(dict.fromkeys(task.measure for task in material.tasks))
    said = INTRODUCTION.format(baseline=material.baseline, measures=measures)
    blocks: list[Block] = [Text(text=said)]
    for task in material.tasks:
        shown = rows_where(task.comparisons, metric=task.metric)
        macro = rows_where(shown, finding=MACRO)
        blocks += _primary(material, task, macro)
        blocks.append(_table(task, macro, f"{task.name}: mean over findings"))
        blocks += _folded(task, shown)
    heading = f"Is it better than {material.baseline}?"
    return Section(anchor="comparisons", heading=heading, blocks=blocks)


def _folded(task: Task, shown: pd.DataFrame) -> list[Block]:
    """Return what is exploratory: every finding, and average precision if measured."""
    blocks: list[Block] = [
        _table(task, rows_where(shown, finding=name), f"{task.name}: {name}")
        for name in task.findings
    ]
    second = rows_where(task.comparisons, metric="average_precision", finding=MACRO)
    told = ""
    if len(second):
        told = ", and average precision"
        blocks.append(_table(task, second, f"{task.name}: average precision"))
    summary = f"{task.name}: every finding{told} (exploratory)"
    return [Fold(summary=summary, blocks=blocks)]


def _primary(material: Material, task: Task, macro: pd.DataFrame) -> list[Block]:
    panels = []
    for dataset in task.datasets:
        for protocol in task.protocols:
            rows = rows_where(macro, dataset=dataset, protocol=protocol)
            if rows["difference"].notna().any():
                heading = f"{plain(protocol)} · {dataset}"
                panels.append(Panel(heading=heading, svg=draw(rows, material, heading)))
    caption = f"{task.name}: difference from {material.baseline}"
    link = task.link("comparisons")
    return [Panels(caption=caption, panels=panels, link=link)] if panels else []


def draw(rows: pd.DataFrame, material: Material, label: str) -> Markup:
    """Draw a forest plot of `rows` (of the table of comparisons)."""
    rows = rows[rows["difference"].notna()].sort_values("n_labels", kind="stable")
    known = looks(material.arms, material.baseline)
    measure = MEASURES[str(rows["metric"].iloc[0])]
    with chart(4.6, 0.9 + 0.24 * len(rows)) as figure:
        axes = figure.add_subplot()
        axes.axvline(0, color="#333333", linewidth=1)
        for height, row in enumerate(records(rows)):
            look = known[row["encoder"]]
            around = row["difference"] - row["low"], row["high"] - row["difference"]
            axes.errorbar(
                *(row["difference"], height),
                xerr=np.nan_to_num(np.array(around)[:, None]).clip(0),
                color=look.colour,
                marker=look.marker,
                markersize=5,
                capsize=2.5,
            )
        names = [
            f"{encoder}, {budget}"
            for encoder, budget in zip(rows["encoder"], rows["budget"], strict=True)
        ]
        axes.set_yticks(range(len(rows)), names)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_formatter(lambda value, _: signed(value))
        axes.set_xlabel(f"{measure} minus that of {material.baseline}")
        return svg(figure, f"Differences from {material.baseline}: {label}")


def _table(task: Task, rows: pd.DataFrame, caption: str) -> Grid:
    cells = [
        [
            *(row["dataset"], row["encoder"], plain(row["protocol"]), row["budget"]),
            *(verdict(row), count(row["n_labels"])),
            signed_with_interval(row["difference"], row["low"], row["high"]),
            *(p_value(row["p"]), p_value(row["p_adjusted"])),
        ]
        for dataset in task.datasets
        for protocol in task.protocols
        for row in records(
            rows_where(rows, dataset=dataset, protocol=protocol).sort_values(
                "n_labels", kind="stable"
            )
        )
    ]
    return Grid(
        caption=caption,
        head=["dataset", *HEAD, "p", "adjusted p"],
        rows=cells,
        n_text=5,
        link=task.link("comparisons"),
    )

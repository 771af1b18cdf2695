"""How the encoders came about."""

import pandas as pd
from markupsafe import Markup
from matplotlib.ticker import MaxNLocator

from workflow_scripts.report.blocks import Block, Grid, Panel, Panels, Section, Text
from workflow_scripts.report.drawing import COLOURS, chart, svg
from workflow_scripts.report.material import Encoder, Material
from workflow_scripts.report.words import MISSING, count, duration, listed, plain

INTRODUCTION = (
    "Pretraining without labels. The loss should fall; the features should keep their "
    "spread and their effective rank (in how many directions images differ). A rank "
    "that falls to a few means that the encoder has collapsed."
)
CURVES = {
    "loss": "loss",
    "effective_rank": "effective rank",
    "feature_std": "spread of features",
}
LINK = "tables/training.csv"


def section(material: Material) -> Section:
    """Return the section on pretraining."""
    trained = [encoder for encoder in material.encoders if len(encoder.training)]
    grid = Grid(
        caption="Encoders",
        head=[
            *("encoder", "came about by", "method", "images of"),
            *("epochs", "images/s", "time", "last loss", "last rank"),
        ],
        rows=[_row(material, encoder) for encoder in material.encoders],
        n_text=4,
        link=LINK,
    )
    blocks: list[Block] = [Text(text=INTRODUCTION), grid] if trained else [grid]
    blocks += [
        Panels(caption=encoder.name, panels=_panels(encoder), small=True, link=LINK)
        for encoder in trained
    ]
    return Section(anchor="training", heading="How encoders came about", blocks=blocks)


def _row(material: Material, encoder: Encoder) -> list[str]:
    asked = material.config["encoders"][encoder.name]
    chain = " → ".join(encoder.lineage)
    training = encoder.training
    if training.empty:
        method = f"{encoder.card['timm'].get('model_name', '')}, as it is"
        weights = str(asked.get("weights", ""))
        return [encoder.name, chain, method, weights, *[MISSING] * 5]
    last = training.sort_values("epoch").iloc[-1]
    return [
        *(encoder.name, chain, plain(str(asked["method"])), listed(asked["data"])),
        count(len(training)),
        count(training["images_per_second"].median()),
        duration(training["seconds"].sum()),
        f"{last['loss']:.3g}",
        f"{last['effective_rank']:.1f}",
    ]


def _panels(encoder: Encoder) -> list[Panel]:
    return [
        Panel(
            heading=words, svg=draw(encoder.training, name, f"{encoder.name}: {words}")
        )
        for name, words in CURVES.items()
        if encoder.training[name].notna().any()
    ]


def draw(training: pd.DataFrame, column: str, label: str) -> Markup:
    """Draw one `column` of the table of training over the epochs."""
    with chart(3.0, 1.9) as figure:
        axes = figure.add_subplot()
        axes.plot(training["epoch"], training[column], color=COLOURS[0], marker=".")
        axes.set_xlabel("epoch")
        axes.margins(y=0.15)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        return svg(figure, label)

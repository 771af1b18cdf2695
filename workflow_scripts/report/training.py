"""How pretraining went, stage by stage."""

import pandas as pd
from markupsafe import Markup
from matplotlib.ticker import MaxNLocator

from workflow_scripts.report.blocks import (
    Block,
    Code,
    Grid,
    Panel,
    Panels,
    Section,
    Text,
)
from workflow_scripts.report.drawing import COLOURS, chart, svg
from workflow_scripts.report.material import Encoder, Material
from workflow_scripts.report.words import (
    MISSING,
    count,
    duration,
    energy,
    percent,
    plain,
    score,
)

INTRODUCTION = (
    "The loss should fall; the features should keep their effective rank (RankMe: in "
    "how many directions images differ). A rank that falls to a few means that the "
    "encoder has collapsed. Losses of different methods cannot be compared. k-NN AUROC "
    "(if asked for) is how well the labels of a task's validation images are told by "
    "those of the training images most like them; no encoder learns from it. Each row "
    "is one stage by itself."
)
WATCH = "Every curve, also while training runs:"
COMMAND = "tensorboard --logdir results/encoders"
CURVES = {
    "loss": "loss",
    "effective_rank": "effective rank",
    "knn_auroc": "k-NN AUROC",
}
LINK = "tables/training.csv"


def section(material: Material) -> Section:
    """Return the section on pretraining."""
    trained = [encoder for encoder in material.encoders if len(encoder.training)]
    heading = "How pretraining went"
    if not trained:
        blocks: list[Block] = [Text(text="Nothing was pretrained here.")]
        return Section(anchor="training", heading=heading, blocks=blocks)
    grid = Grid(
        caption="Training",
        head=[
            *("encoder", "method", "epochs", "images/s", "waiting for images"),
            *("time", "energy", "last loss", "last rank", "last k-NN AUROC"),
        ],
        rows=[_row(material, encoder) for encoder in trained],
        n_text=2,
        link=LINK,
    )
    blocks = [Text(text=INTRODUCTION), grid]
    blocks += [
        Panels(caption=encoder.name, panels=_panels(encoder), small=True, link=LINK)
        for encoder in trained
    ]
    blocks += [Text(text=WATCH), Code(text=COMMAND)]
    return Section(anchor="training", heading=heading, blocks=blocks)


def _row(material: Material, encoder: Encoder) -> list[str]:
    training = encoder.training.sort_values("epoch")
    last = training.iloc[-1]
    seconds = training["seconds"].sum()
    waited = (training["waiting_share"] * training["seconds"]).sum(skipna=False)
    rank = last["effective_rank"]
    return [
        encoder.name,
        plain(str(material.config["encoders"][encoder.name]["method"])),
        count(len(training)),
        count(training["images_per_second"].median()),
        MISSING if pd.isna(waited) else percent(waited, seconds),
        duration(seconds),
        energy(training["energy_wh"].sum(skipna=False)),
        f"{last['loss']:.3g}",
        MISSING if pd.isna(rank) else f"{rank:.1f}",
        score(last["knn_auroc"]),
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
    marker = "." if len(training) <= 40 else ""
    with chart(3.0, 1.9) as figure:
        axes = figure.add_subplot()
        axes.plot(training["epoch"], training[column], color=COLOURS[0], marker=marker)
        axes.set_xlabel("epoch")
        axes.margins(y=0.15)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        return svg(figure, label)

"""How every chart looks, and how it becomes part of the page.

Colours are Okabe and Ito's, told apart with any colour vision; every encoder also has
a marker of its own. Text stays text, so that it can be read out and searched.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B8860B", "#3A9BD9")
MARKERS = "osD^vPX*"
BASELINE = "#333333"
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "fewray",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "axes.edgecolor": "#888888",
    "xtick.color": "#444444",
    "ytick.color": "#444444",
}


@dataclass(frozen=True, kw_only=True)
class Look:
    """How one encoder is drawn."""

    colour: str
    marker: str
    line: str = "-"


def looks(encoders: list[str], baseline: str) -> dict[str, Look]:
    """Give every encoder a look of its own; the baseline is dark and dashed."""
    found = {}
    others = [name for name in encoders if name != baseline]
    for number, name in enumerate(others):
        found[name] = Look(
            colour=COLOURS[number % len(COLOURS)], marker=MARKERS[number % len(MARKERS)]
        )
    found[baseline] = Look(colour=BASELINE, marker="o", line="--")
    return found


@contextmanager
def chart(width: float, height: float) -> Iterator[Figure]:
    """Give an empty figure of `width` x `height` inches in our style."""
    with mpl.rc_context(STYLE):
        yield Figure(figsize=(width, height), layout="constrained")


def svg(figure: Figure, label: str) -> Markup:
    """Return `figure` as an SVG element for the page, called `label` when read out.

    Must be called within `chart`. The XML prologue, the metadata and unused ids are
    taken away, and the width follows the page.
    """
    file = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(file, format="svg", metadata=nothing)
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    used = set(re.findall(r"#([\w.-]+)", text))
    text = re.sub(
        r' id="([^"]*)"', lambda m: m.group(0) if m.group(1) in used else "", text
    )
    head, _, body = text.partition(">")
    (box,) = re.findall(r'viewBox="[-\d. ]+"', head)
    names = 'xmlns:xlink="http://www.w3.org/1999/xlink" role="img"'
    return Markup(f'<svg {box} {names} aria-label="{escape(label)}">{body}')  # noqa: S704

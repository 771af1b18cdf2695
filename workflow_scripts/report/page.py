"""Write the page that a physician and a reviewer can read, and its tables."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.report import (
    alarms,
    answer,
    cohort,
    curves,
    differences,
    drift,
    examples,
    labels_needed,
    learnt,
    lungs,
    making,
    marks,
    methods,
    names,
    origins,
    reading,
    spreadsheets,
    template,
)
from workflow_scripts.report import shortcuts as audit
from workflow_scripts.report import training as pretraining
from workflow_scripts.report.blocks import Section
from workflow_scripts.report.material import Material
from workflow_scripts.report.words import listed

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The names that go with the files, and what the page shows besides."""

    title: str
    example_images: bool
    datasets: list[str]
    encoders: list[str]
    tasks: list[str]
    size_px: int
    phantom: list[str]  # the datasets that are phantoms
    finder: str  # of lungs
    config: dict[str, Any]


def main(
    *,
    metrics: Inputs,
    comparisons: Inputs,
    efficiency: Inputs,
    targets: Inputs,
    ledgers: Inputs,
    counts: Inputs,
    images: Inputs,
    splits: Inputs,
    stores: Inputs,
    rows: Inputs,
    intensities: Inputs,
    dice: Inputs,
    shortcuts: Inputs,
    leakage: Input,
    cards: Inputs,
    training: Inputs,
    pools: Inputs,
    recipe: Recipe,
    page: Output,
    tables: Output,
) -> None:
    """Read all tables, write `page` (HTML) and the folder `tables` (CSV) beside it."""
    paths = {
        "metrics": metrics,
        "comparisons": comparisons,
        "efficiency": efficiency,
        "targets": targets,
        "ledgers": ledgers,
        "counts": counts,
        "images": images,
        "splits": splits,
        "stores": stores,
        "rows": rows,
        "intensities": intensities,
        "dice": dice,
        "shortcuts": shortcuts,
        "leakage": [leakage],
        "cards": cards,
        "training": training,
        "pools": pools,
    }
    known = read(recipe, paths)
    made, versions = making.read_made(
        [path for many in paths.values() for path in many]
    )
    spreadsheets.write(known, made, tables)
    shown = marks.marked(known)
    last = making.section(known, made, versions)  # as configured, without marks
    text = render(shown, [*sections(shown, recipe.example_images), last])
    page.write_text(text, encoding="utf-8")
    log.info("the page has %d KiB", len(text) // 1024)


def read(recipe: Recipe, paths: dict[str, list[Path]]) -> Material:
    """Read everything at `paths`, files by flag in the order of the recipe's names."""
    config = recipe.config
    return Material(
        title=recipe.title,
        config=config,
        size_px=recipe.size_px,
        tasks=reading.read_tasks(config, recipe.tasks, paths),
        datasets=reading.read_datasets(recipe.datasets, recipe.phantom, paths),
        encoders=reading.read_encoders(config, recipe.encoders, paths),
        leakage=reading.read_leakage(paths),
        finder=recipe.finder,
        dice=reading.read_dice(paths),
    )


def sections(known: Material, example_images: bool) -> list[Section]:
    """Return the sections of the page in their order, without the last."""
    return [
        curves.section(known),
        audit.section(known),
        labels_needed.section(known),
        differences.section(known),
        drift.section(known),
        cohort.section(known),
        lungs.section(known),
        *([examples.section(known)] if example_images else []),
        origins.section(known),
        pretraining.section(known),
        methods.section(known),
    ]


def render(known: Material, shown: list[Section]) -> str:
    """Return the page; every string in it is escaped."""
    banner = ""
    if known.phantoms:
        banner = (
            f"Phantoms, not patients: {listed(known.phantoms)}. Nothing on this page "
            "that rests on them says anything about real chest X-rays."
        )
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    return environment.from_string(template.PAGE).render(
        title=known.title,
        banner=banner,
        answers=[
            *answer.answers(known),
            *learnt.left_out(known),
            *alarms.warnings(known),
        ],
        meanings=names.meanings(known),
        sections=shown,
        css=Markup(template.CSS),  # noqa: S704 (a constant of ours)
    )


if __name__ == "__main__":
    entry.run(main)

"""What made the files behind the page: code, choices, versions, time."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from workflow_scripts.core import provenance
from workflow_scripts.report.blocks import Block, Code, Fold, Grid, Section, Text
from workflow_scripts.report.material import Material
from workflow_scripts.report.words import MISSING, duration

COLUMNS = ["file", "rule", "of", "sha256", "code", "pins", "started", "seconds"]


def read_made(paths: list[Path]) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return one row for each file that has a sidecar, and versions of packages."""
    rows: list[list[Any]] = []
    versions: dict[str, str] = {}
    for path in paths:
        beside = provenance.sidecar(path)
        if not beside.is_file():
            continue
        known = json.loads(beside.read_text(encoding="utf-8"))
        of = ", ".join(str(value) for value in known.get("wildcards", {}).values())
        rows.append(
            [
                *(known["artifact"], known["rule"], of, str(known["sha256"])[:12]),
                provenance.digest(known.get("code", []))[:12],
                *(known.get("pins", ""), known.get("started", "")),
                float(known.get("seconds", 0)),
            ]
        )
        versions |= known.get("versions", {})
    return pd.DataFrame(rows, columns=COLUMNS), versions


def section(
    material: Material, made: pd.DataFrame, versions: dict[str, str]
) -> Section:
    """Return the section on provenance."""
    packages = ", ".join(f"{name} {number}" for name, number in versions.items())
    head = [*COLUMNS[:-1], "time"]
    files = Grid(
        caption="Files behind this page, and the code that made each",
        head=head,
        rows=[
            [*(str(cell) or MISSING for cell in row[:-1]), duration(row[-1])]
            for row in made.to_numpy()
        ],
        n_text=7,
        link="tables/made.csv",
    )
    config = yaml.safe_dump(material.config, sort_keys=False, allow_unicode=True)
    cards = {encoder.name: encoder.card for encoder in material.encoders}
    blocks: list[Block] = [
        Text(
            text="Each file below was written by one step; beside it lies a record of "
            "its inputs, choices, code and machine (*.provenance.json)."
        ),
        Text(text=f"Versions: {packages or 'not recorded'}."),
        Fold(summary="Files", blocks=[files]),
        Fold(summary="Configuration, with defaults", blocks=[Code(text=config)]),
        Fold(
            summary="Encoder cards",
            blocks=[Code(text=yaml.safe_dump(cards, sort_keys=False))],
        ),
    ]
    return Section(anchor="made", heading="What made this page", blocks=blocks)

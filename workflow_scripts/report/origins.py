"""Where the encoders come from, what they had seen, and what that cost."""

import math
from typing import Any

import pandas as pd

from workflow_scripts.report.blocks import Block, Grid, Section, Text
from workflow_scripts.report.learnt import from_outside, labels_seen
from workflow_scripts.report.material import Encoder, Material, records
from workflow_scripts.report.words import (
    MISSING,
    TIMES,
    count,
    duration,
    energy,
    listed,
    percent,
    plain,
)

INTRODUCTION = (
    "An encoder is a start and a chain of stages. Images, patients and cost are of the "
    "whole chain, each image and patient counted once; what others spent on weights "
    "from outside is not known. Labels seen here were learnt before the first budget."
)
LINK = "tables/encoders.csv"
NAMED = 3  # of the tensors that did not match


def section(material: Material) -> Section:
    """Return the section on the encoders."""
    grid = Grid(
        caption="Encoders, and what they were pretrained on",
        head=[
            *("encoder", "start", "stages", "labels seen", "device"),
            *("images", "patients", "time", "GPU-hours", "energy"),
        ],
        rows=[_row(row) for row in records(origins(material))],
        n_text=5,
        link=LINK,
    )
    blocks: list[Block] = [Text(text=INTRODUCTION), grid]
    if brought := [one for one in material.encoders if "format" in _own_notes(one)]:
        blocks.append(_brought(brought))
    heading = "Where the encoders come from"
    return Section(anchor="encoders", heading=heading, blocks=blocks)


def origins(material: Material) -> pd.DataFrame:
    """Return one row for each encoder: start, stages, what it saw, and the cost."""
    return pd.DataFrame([_origin(material, encoder) for encoder in material.encoders])


def _origin(material: Material, encoder: Encoder) -> dict[str, Any]:
    chain = material.chain(encoder)
    pool = pd.concat([one.pool for one in chain], ignore_index=True)
    pool = pool.drop_duplicates(["dataset", "image_id"])
    nobody = pool["dataset"] + "\0" + pool["image_id"]  # who is not known is one each
    costs = [one.card["notes"]["cost"] for one in chain if len(one.training)]
    return {
        "encoder": encoder.name,
        "start": start(material, encoder),
        "stages": " → ".join(
            _stage(material, one) for one in chain if len(one.training)
        ),
        "labels_seen": labels_seen(material, encoder),
        "devices": listed(sorted({_device(cost) for cost in costs})),
        "images": len(pool),
        "patients": pool["patient_id"].fillna(nobody).nunique(),
        "hours": _sum(costs, "hours"),
        "gpu_hours": _sum(costs, "gpu_hours"),
        "energy_wh": _sum(costs, "energy_wh"),
    }


def _sum(costs: list[dict[str, Any]], name: str) -> float:
    """Return the sum over stages; NaN if one is unknown, or there is none."""
    known = [math.nan if cost[name] is None else float(cost[name]) for cost in costs]
    return sum(known) if known else math.nan


def _device(cost: dict[str, Any]) -> str:
    n = cost["processes"]
    return str(cost["device"]) if n == 1 else f"{n} {TIMES} {cost['device']}"


def start(material: Material, encoder: Encoder) -> str:
    """Return the network and the weights that the first of its chain began with."""
    first = material.chain(encoder)[0]
    asked = material.config["encoders"][first.name]
    if not from_outside(material, first):
        return f"{asked['backbone']}, random weights"
    notes, kind = first.card["notes"], str(asked["weights"]).partition(":")[0]
    if kind == "timm":
        origin = f"timm's weights {notes.get('weights', '')}"
    else:
        digest = str(notes.get("sha256", ""))[:12]
        place = "an address" if kind == "https" else "a file"
        origin = f"weights from {place}, sha256 {digest}…"
    return f"{asked['backbone']}, {origin}, licence {notes.get('licence', 'unknown')}"


def _stage(material: Material, encoder: Encoder) -> str:
    asked = material.config["encoders"][encoder.name]
    n = len(encoder.training)
    epochs = "1 epoch" if n == 1 else f"{count(n)} epochs"
    return f"{plain(str(asked['method']))} ({listed(asked['data'])}, {epochs})"


def _row(row: dict[str, Any]) -> list[str]:
    words = ("encoder", "start", "stages", "labels_seen", "devices")
    cells = [str(row[name]) or MISSING for name in words]
    if not row["stages"]:
        return [*cells, *[MISSING] * 5]
    gpu = f"{row['gpu_hours']:,.2f}" if row["gpu_hours"] else MISSING
    return [
        *cells,
        *(count(row["images"]), count(row["patients"])),
        *(duration(3600 * row["hours"]), gpu, energy(row["energy_wh"])),
    ]


def _own_notes(encoder: Encoder) -> dict[str, Any]:
    """Return the notes of an encoder that nothing here was trained before."""
    notes: dict[str, Any] = encoder.card["notes"] if len(encoder.lineage) == 1 else {}
    return notes


def _brought(encoders: list[Encoder]) -> Grid:
    """Show how much of the weights that a user brought was for the encoder."""
    rows = []
    for encoder in encoders:
        notes = _own_notes(encoder)
        rows.append(
            [
                *(encoder.name, str(notes["format"]), notes["taken"] or "whole file"),
                f"pixels: {notes['normalisation']}",
                *(_some(notes[key]) for key in ("missing", "other_shape", "left_over")),
                *(_some(notes["resampled"]), _some(notes["inexact"])),
                count(notes["matched"]),
                percent(notes["matched_share"], 1),
            ]
        )
    return Grid(
        caption="Weights that were brought, and what of them was taken",
        head=[
            *("encoder", "format", "taken", "normalised as", "missing"),
            *("of another shape", "left over", "resampled", "inexactly grey"),
            *("names matched", "of the weights"),
        ],
        rows=rows,
        n_text=9,
    )


def _some(names: list[str]) -> str:
    """Return how many `names` there are, and the first of them."""
    more = ", …" if len(names) > NAMED else ""
    return f"{len(names)}: {', '.join(names[:NAMED])}{more}" if names else "none"

"""Who or what stood on both sides of a wall, and what became of it."""

from typing import Any

import pandas as pd

from workflow_scripts.report.blocks import Block, Grid, Text
from workflow_scripts.report.material import records
from workflow_scripts.report.words import count, listed

SHARED = {
    "patient": "the same person",
    "pixels": "the same picture",
    "near": "nearly the same picture",
}


def pairs(leakage: pd.DataFrame) -> pd.DataFrame:
    """Return how many pairs of images leak, or would have."""
    keys = ["wall", "kind", "dataset", "other_dataset", "encoder"]
    groups = leakage.groupby([*keys, "excluded", "transductive"])
    return groups.size().rename("pairs").reset_index()


def _distinct(leakage: pd.DataFrame) -> int:
    """Count the pairs, each once though several pools may hold it."""
    pair = ["dataset", "image_id", "other_dataset", "other_image_id"]
    return len(leakage.drop_duplicates(pair))


def blocks(leakage: pd.DataFrame) -> list[Block]:
    """Return what the page says of leakage."""
    if leakage.empty:
        text = "Leakage: nobody and no picture was found on both sides of a wall."
        return [Text(text=text)]
    text = (
        f"Leakage: {count(_distinct(leakage))} pairs of images show one person, or one "
        "picture (the same, or nearly), on both sides of a wall: training and test, or "
        "pretraining and test."
    )
    rows = []
    for row in records(pairs(leakage)):
        names = (row[key] for key in ("dataset", "other_dataset", "encoder"))
        kind = SHARED.get(row["kind"], row["kind"])
        cells = [row["wall"], kind, *names, _outcome(row), count(row["pairs"])]
        rows.append(cells)
    grid = Grid(
        caption="Pairs across a wall",
        head=[
            *("wall", "what is shared", "dataset", "other", "encoder"),
            *("outcome", "pairs"),
        ],
        rows=rows,
        n_text=6,
        link="tables/leakage.csv",
    )
    told = _outcomes(leakage)
    strong = not leakage["excluded"].all()
    return [Text(text=" ".join([text, *told]), strong=strong), grid]


def _outcome(row: dict[str, Any]) -> str:
    if row["excluded"]:
        return "left out"
    return "kept on purpose" if row["transductive"] else "NOT left out"


def _outcomes(leakage: pd.DataFrame) -> list[str]:
    """Say how many pairs were kept apart, kept on purpose, and neither."""
    excluded, meant = (
        leakage["excluded"],
        ~leakage["excluded"] & leakage["transductive"],
    )
    kept, leaking = leakage[meant], leakage[~excluded & ~meant]
    if excluded.all():
        return [
            "All of them were left out of pretraining, so no encoder has seen them."
        ]
    told = []
    if excluded.any():
        told.append(
            f"{count(_distinct(leakage[excluded]))} of them were left out of "
            "pretraining wherever they would have met."
        )
    if len(kept):
        encoders = listed(sorted(kept["encoder"].unique()))
        told.append(
            f"{count(_distinct(kept))} were kept on purpose (transductive) in "
            f"what {encoders} learnt from: without labels, these encoders have "
            "seen images of held-out patients, which may flatter them."
        )
    if len(leaking):
        told.append(
            f"{count(len(leaking))} meetings were NOT kept apart: do not trust the "
            "scores."
        )
    return told

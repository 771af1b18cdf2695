"""Let long work begin: no wall leaks, and every budget can be drawn."""

from dataclasses import dataclass

import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.prepare import DRAWS, LEAKAGE

SHARED = {
    "patient": "of the same patient",
    "pixels": "with the same pixels",
    "near": "of the same picture, changed",
}
REMEDIES = {
    "split": "take the images out of one of the two",
    "pool": "give datasets that share images one `site`, so that the pool leaves them "
    "out, or have `transductive: true` keep them",
}
TOLD = 5  # places; the table has the rest


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Nothing to choose."""


def main(*, leakage: Input, draws: Inputs, recipe: Recipe, ready: Output) -> None:
    """Refuse to go on over a leak; say in `ready` what was looked at."""
    pairs = LEAKAGE.read(leakage)
    open_pairs = pairs[~pairs["excluded"] & ~pairs["transductive"]]
    if len(open_pairs):
        remedies = [
            REMEDIES[wall] for wall in REMEDIES if wall in set(open_pairs["wall"])
        ]
        raise InputError(
            f"{len(open_pairs)} pairs of images cross a wall: {_places(open_pairs)}; "
            f"{leakage} lists them by image_id; {'; '.join(remedies)}"
        )
    n_drawn = sum(len(DRAWS.read(draw)) for draw in draws)
    n_kept = int(pairs["transductive"].sum())
    ready.write_text(
        f"{len(pairs) - n_kept} pairs kept apart, {n_kept} kept in a pool on purpose, "
        f"{n_drawn} draws of patients made\n",
        encoding="utf-8",
    )


def _places(pairs: pd.DataFrame) -> str:
    """Tell where `pairs` meet, the most frequent places first."""
    keys = ["kind", "encoder", "dataset", "split", "other_dataset", "other_split"]
    places = pairs.groupby(keys).size().rename("count").reset_index()
    places = places.sort_values("count", ascending=False, kind="stable")
    told = [
        f"{place['count']} {SHARED[place['kind']]} in {_pool(place['encoder'])}"
        f"{place['dataset']} ({place['split']}) and {place['other_dataset']} "
        f"({place['other_split']})"
        for place in places.to_dict("records")
    ]
    more = [f"{len(told) - TOLD} more places"] if len(told) > TOLD else []
    return ", ".join(told[:TOLD] + more)


def _pool(encoder: str) -> str:
    return f"the pool of {encoder}: " if encoder else ""


if __name__ == "__main__":
    entry.run(main)

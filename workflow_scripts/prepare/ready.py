"""Let long work begin: no wall leaks, and every budget can be drawn."""

from dataclasses import dataclass

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.prepare import DRAWS, LEAKAGE


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Nothing to choose."""


def main(*, leakage: Input, draws: Inputs, recipe: Recipe, ready: Output) -> None:
    """Refuse to go on over a leak; say in `ready` what was looked at."""
    pairs = LEAKAGE.read(leakage)
    open_pairs = pairs[~pairs["excluded"]]
    if len(open_pairs):
        keys = ["kind", "dataset", "other_dataset"]
        places = open_pairs.groupby(keys).size().rename("count").reset_index()
        told = ", ".join(
            f"{row['count']} of the same {row['kind']} in {row['dataset']} and "
            f"{row['other_dataset']}"
            for row in places.to_dict("records")
        )
        raise InputError(
            f"{len(open_pairs)} pairs of images cross a wall: {told}; {leakage} lists "
            "them by image_id; take them out of one of the two"
        )
    n_drawn = sum(len(DRAWS.read(draw)) for draw in draws)
    ready.write_text(
        f"{len(pairs)} pairs kept apart, {n_drawn} draws of patients made\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    entry.run(main)

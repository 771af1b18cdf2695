"""Put single pretext tasks in order, and write the chains as a piece of a config.

De Andres Tame et al. 2023, https://arxiv.org/abs/2301.10687, and Sirotkin et al. 2021,
https://arxiv.org/abs/2112.12086, train pretext tasks one after the other, in an order
that "a simple methodology" gives; how hard a task is, they may measure otherwise. Here
the easiest task is the one whose features alone a linear probe ranks best with. The
reverse and a shuffled order come with it, as controls.
"""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import yaml

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.finetune import RANKING

HEAD = """\
# Chains of pretext tasks. Give this file after the config that it was made with:
#   snakemake --cores all --configfile YOURS.yaml results/curriculum/encoders.yaml
# Linear probe of each stage alone, macro AUROC on validation with a 95 % interval.
# It is for choosing an order, not for claiming: where intervals overlap, chance may
# have ordered them.
"""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The stages to be put in order (config.yaml: ``curriculum``)."""

    stages: dict[str, dict[str, Any]]  # single arms: how each is trained, but its start
    baseline: str  # what all arms are compared with
    seed: int


def main(*, ranking: Input, recipe: Recipe, encoders: Output) -> None:
    """Write the `encoders` of the chains, to be given to Snakemake as a config."""
    alone = RANKING.read(ranking)
    alone = alone[alone["finding"] == "macro"].set_index("encoder")
    easy = easiest_first(alone["auroc"], list(recipe.stages))
    in_order = orders(easy, recipe.seed)
    stages = {stage: recipe.stages[stage] for stage in easy}
    encoders.write_text(
        HEAD
        + "".join(f"#   {_shown(alone, stage)}\n" for stage in easy)
        + yaml.safe_dump(
            fragment(in_order, stages, recipe.baseline),
            sort_keys=False,
            default_flow_style=None,
            width=88,
        ),
        encoding="utf-8",
    )


def easiest_first(alone: pd.Series, stages: list[str]) -> list[str]:
    """Return the `stages` by their AUROC `alone`, highest first; of equals as given.

    Raises:
        InputError: if a stage has no AUROC.
    """
    found = alone.reindex(stages)
    if found.isna().any():
        raise InputError(
            "curriculum: validation holds no patients with and without a finding, so "
            "stages cannot be ranked; raise prepare.validation_share"
        )
    return [
        str(stage) for stage in found.sort_values(ascending=False, kind="stable").index
    ]


def orders(easy: list[str], seed: int) -> dict[str, list[str]]:
    """Return the orders by name; of two stages there is no third order to shuffle to.

    Args:
        easy: at least two stages, the easiest first.
        seed: of the run; decides how they are shuffled.
    """
    found = {"easy_to_hard": easy, "hard_to_easy": easy[::-1]}
    stream, names = np.random.default_rng(seed), sorted(easy)
    while len(names) > 2 and "shuffled" not in found:
        order = [names[place] for place in stream.permutation(len(names))]
        if order not in (easy, easy[::-1]):
            found["shuffled"] = order
    return found


def fragment(
    in_order: dict[str, list[str]], stages: dict[str, dict[str, Any]], baseline: str
) -> dict[str, Any]:
    """Return the chains' encoders and the sweep, as they stand in a config.

    The first stage of a chain is the single arm itself; chains that begin alike share
    what they share.

    Args:
        in_order: the stages of each chain, by the chain's name.
        stages: how each stage is trained, but its start.
        baseline: what all arms are compared with.
    """
    known: dict[tuple[str, ...], str] = {(stage,): stage for stage in stages}
    encoders: dict[str, dict[str, Any]] = {}
    for name, order in in_order.items():
        for length in range(2, len(order) + 1):
            chain = tuple(order[:length])
            if chain not in known:
                known[chain] = f"{name}_{length}"
                start = {"from": known[chain[:-1]]}
                # copies: YAML would point from one to the other
                encoders[known[chain]] = start | copy.deepcopy(stages[chain[-1]])
    ends = [known[tuple(order)] for order in in_order.values()]
    arms = list(dict.fromkeys([baseline, *stages, *ends]))
    return {"encoders": encoders, "sweep": {"encoders": arms}}


def _shown(alone: pd.DataFrame, stage: str) -> str:
    auroc, low, high = alone.loc[stage, ["auroc", "low", "high"]]
    return f"{stage}: {auroc:.3f} ({low:.3f} to {high:.3f})"


if __name__ == "__main__":
    entry.run(main)

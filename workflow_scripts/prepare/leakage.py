"""Look for one person or picture on both sides of a wall."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.prepare import LEAKAGE, NEAR, POOL
from workflow_scripts.prepare.meetings import known, meetings
from workflow_scripts.prepare.twins import IMAGE, both_ways

Wall = tuple[str, str, str, str]  # dataset and split; the other's dataset and split

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The names that go with the files, in their order."""

    datasets: list[str]
    encoders: list[str]
    pools: list[list[str]]  # the datasets of each encoder
    transductive: list[str]  # the encoders whose pools keep held-out images on purpose
    tasks: list[list[str]]  # of each task: the dataset trained on, then external ones


def main(
    *,
    images: Inputs,
    splits: Inputs,
    near: Input,
    pools: Inputs,
    recipe: Recipe,
    leakage: Output,
) -> None:
    """Compare everyone with everyone held out; write the pairs that meet.

    The pools are looked at as they were written, not as they were meant.
    """
    everyone = known(recipe.datasets, images, splits)
    twins = both_ways(NEAR.read(near))
    found = [_across_splits(everyone, twins, recipe.tasks)]
    tested = {name for task in recipe.tasks for name in task}
    held = everyone["dataset"].isin(tested) & (everyone["split"] != "train")
    for name, asked, path in zip(recipe.encoders, recipe.pools, pools, strict=True):
        pooled = _pooled(name, everyone, POOL.read(path))
        wanted = everyone["dataset"].isin(asked) & (everyone["split"] == "train")
        pairs = _across_pool(everyone, pooled, wanted, everyone[held], twins)
        meant = ~pairs["excluded"] & (name in recipe.transductive)
        found.append(pairs.assign(encoder=name, transductive=meant))
    pairs = pd.concat(found, ignore_index=True)
    _tell(pairs)
    LEAKAGE.write(pairs, leakage)


def _across_splits(
    everyone: pd.DataFrame, twins: pd.DataFrame, tasks: list[list[str]]
) -> pd.DataFrame:
    """Pair what a task learns or chooses from with what it is chosen by or tested on.

    Within the dataset that it is trained on, and from there to its external ones.
    """
    parts = dict(list(everyone.groupby(["dataset", "split"])))
    nobody = everyone[:0]
    found = [meetings(nobody, nobody, twins)]
    for dataset, split, other, other_split in sorted(set(_walls(tasks))):
        these = parts.get((dataset, split), nobody)
        those = parts.get((other, other_split), nobody)
        found.append(meetings(these, those, twins))
    pairs = pd.concat(found, ignore_index=True)
    return pairs.assign(wall="split", encoder="", excluded=False, transductive=False)


def _walls(tasks: list[list[str]]) -> Iterator[Wall]:
    """Yield what must be kept apart, in the direction of learning."""
    for own, *external in tasks:
        yield own, "train", own, "validation"
        for tested in (own, *external):
            yield own, "train", tested, "test"
            yield own, "validation", tested, "test"


def _pooled(
    encoder: str, everyone: pd.DataFrame, pool: pd.DataFrame
) -> "pd.Series[bool]":
    """Say for each of `everyone` whether it is in the `pool`.

    Raises:
        InputError: if the pool holds an image that nobody knows.
    """
    listed = pd.MultiIndex.from_frame(pool[IMAGE])
    here = pd.MultiIndex.from_frame(everyone[IMAGE])
    if unknown := int((~listed.isin(here)).sum()):
        raise InputError(
            f"pool of encoder {encoder!r}: {unknown} of its images are in no dataset; "
            f"delete results/prepare/pools/{encoder}.parquet and run again"
        )
    return pd.Series(here.isin(listed), index=everyone.index)


def _across_pool(
    everyone: pd.DataFrame,
    pooled: "pd.Series[bool]",
    wanted: "pd.Series[bool]",
    held_out: pd.DataFrame,
    twins: pd.DataFrame,
) -> pd.DataFrame:
    """Pair what a pool holds, or would have held, with what it must not meet."""
    pairs = meetings(everyone[pooled | wanted], held_out, twins)
    inside = pd.MultiIndex.from_frame(everyone[pooled][IMAGE])
    out = ~pd.MultiIndex.from_frame(pairs[IMAGE]).isin(inside)
    return pairs.assign(wall="pool", excluded=out)


def _tell(pairs: pd.DataFrame) -> None:
    """Log how many pairs there are of each kind, and what becomes of them."""
    for (wall, encoder, kind), part in pairs.groupby(["wall", "encoder", "kind"]):
        log.info(
            "%s %s: %d pairs meet by %s; %d left out, %d kept on purpose",
            *(wall, encoder or "of the tasks", len(part), kind),
            *(part["excluded"].sum(), part["transductive"].sum()),
        )
    if pairs.empty:
        log.info("nobody and no picture is on both sides of a wall")


if __name__ == "__main__":
    entry.run(main)

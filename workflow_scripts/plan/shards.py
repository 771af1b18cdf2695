"""Into which shards the files of a dataset are cut, and in which state they are."""

import math
from pathlib import Path
from typing import Any

from workflow_scripts.core import sources
from workflow_scripts.core.provenance import digest
from workflow_scripts.plan import adapters, archive
from workflow_scripts.plan.recipes import simulate
from workflow_scripts.plan.settings import Settings, cohort_of, simulated


def numbers(config: Settings, dataset: str) -> list[int]:
    """List the shards of a dataset."""
    if count := of_phantoms(config, dataset):
        return list(range(count))
    return list(_listing(config, dataset).shards)


def of_phantoms(config: Settings, dataset: str) -> int:
    """Return how many shards a cohort that is yet to be made is cut into; else 0."""
    cohort = cohort_of(config, config["datasets"][dataset])
    if not cohort:
        return 0
    patients = config["simulate"][cohort]["patients"]
    return math.ceil(patients / config["ingest"]["shard_files"])


def state(config: Settings, dataset: str, shard: int | None) -> str:
    """Say in which state the files of a shard are, or all of them.

    No rule declares them. The label tables are declared, so one that is edited decodes
    nothing again. Phantoms are in the state that their makers' code and choices give.
    """
    if cohort := cohort_of(config, config["datasets"][dataset]):
        made = simulate.cohort(config, {"dataset": cohort})
        stamps = sources.stamps("workflow_scripts.simulate.cohort", *made.loaded)
        return digest(made.choices, stamps)
    known = _listing(config, dataset)
    return known.state if shard is None else known.shards.get(shard, "gone")


def paths(config: Settings, dataset: str, shard: int) -> list[str]:
    """List the files of a shard; none of phantoms, which are not there yet."""
    if simulated(config, config["datasets"][dataset]):
        return []
    return list(_listing(config, dataset).paths.get(shard, []))


def unwatched(dataset: Settings) -> list[str]:
    """List what lies below the root and is declared elsewhere: tables and masks."""
    root = Path(dataset["root"])
    declared = [*adapters.tables(dataset), adapters.mask_place(dataset)]
    return [place for path in declared if path for place in adapters.below(root, path)]


def _listing(config: Settings, dataset: str) -> Any:  # noqa: ANN401 (mypy: cached)
    known = config["datasets"][dataset]
    at_most = config["ingest"]["shard_files"]
    hidden = tuple(unwatched(known))
    return archive.listing(dataset, Path(known["root"]), hidden, at_most)

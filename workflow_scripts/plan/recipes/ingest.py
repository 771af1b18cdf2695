"""Recipes of the steps of `ingest`: how files are read."""

import time
from typing import Any

from workflow_scripts.core import archive
from workflow_scripts.plan import adapters, label_tables, shards
from workflow_scripts.plan import archive as plan_archive
from workflow_scripts.plan.recipes import STEPS, Decided, Wildcards
from workflow_scripts.plan.settings import Settings, simulated


def _key_file(config: Settings, dataset: Settings) -> str:
    """Phantoms need no secret, and without one their numbers are the same anywhere."""
    return "" if simulated(config, dataset) else config["ingest"]["key_file"]


def _people(config: Settings, name: str) -> dict[str, Any]:
    """Say what a pseudonym depends on besides the id."""
    dataset = config["datasets"][name]
    return {
        "key_file": _key_file(config, dataset),
        "site": adapters.site(name, dataset),
    }


def _adapter(dataset: Settings) -> str:
    return f"{STEPS}.ingest.datasets.{dataset['adapter']}"


def find(config: Settings, wildcards: Wildcards) -> Decided:
    """The state of the folder stands in for its files, which are not declared."""
    name = wildcards["dataset"]
    dataset = config["datasets"][name]
    choices = {
        "key_file": _key_file(config, dataset),
        "state": shards.state(config, name, None),
        "unwatched": shards.unwatched(dataset),
    }
    return Decided(choices=choices)


def decode(config: Settings, wildcards: Wildcards) -> Decided:
    """How pixels and headers are read."""
    name = wildcards["dataset"]
    dataset, ingest = config["datasets"][name], config["ingest"]
    paths = shards.paths(config, name, int(wildcards["shard"]))
    choices = {
        **_people(config, name),
        "state": shards.state(config, name, int(wildcards["shard"])),
        "shards": shards.of_phantoms(config, name),
        "long_side_px": ingest["long_side_px"],
        "exclude": sorted(ingest["exclude"]),
        "checks": ingest["picture_checks"],
        "raw": adapters.told(dataset["adapter"])["RAW"],
        "paths": archive.listed(paths) if paths else "",
        "masks_below": [
            place
            for place in adapters.masks_below(dataset)
            if any(archive.below(path, [place]) for path in paths)
        ],
    }
    checks = (f"{STEPS}.ingest.checks.{check}" for check in ingest["picture_checks"])
    return Decided(choices=choices, loaded=tuple(checks))


def mask(config: Settings, wildcards: Wildcards) -> Decided:
    """Where lung masks come from."""
    name = wildcards["dataset"]
    dataset = config["datasets"][name]
    place, source = adapters.mask_place(dataset), adapters.mask_source(dataset)
    paths = shards.paths(config, name, int(wildcards["shard"]))
    watched = place and not simulated(config, dataset)
    choices = {
        "source": source,
        "state": plan_archive.state(place) if place and watched else "",
        "key_file": _key_file(config, dataset),
        "shards": shards.of_phantoms(config, name),
        "paths": archive.listed(paths) if paths else "",
    }
    loaded = (f"{STEPS}.ingest.masks.{source}",) if source else ()
    return Decided(choices=choices, loaded=loaded)


def gather(config: Settings, wildcards: Wildcards) -> Decided:
    """How the publisher's tables are understood."""
    name = wildcards["dataset"]
    dataset = config["datasets"][name]
    choices = {
        **_people(config, name),
        "adapter": dataset["adapter"],
        "patients": dataset["patients"],
        "labels": label_tables.facts_of(dataset["labels"]),
        "options": dataset["options"],
        "exclude": sorted(config["ingest"]["exclude"]),
        "expected": adapters.told(dataset["adapter"])["EXPECTED"],
        "told": "" if simulated(config, dataset) else label_tables.told(name, dataset),
    }
    return Decided(choices=choices, loaded=(_adapter(dataset),))


def label(config: Settings, wildcards: Wildcards) -> Decided:
    """How the publisher's tables are understood."""
    name = wildcards["dataset"]
    dataset = config["datasets"][name]
    choices = {
        **_people(config, name),
        "adapter": dataset["adapter"],
        "labels": dataset["labels"],
        "options": dataset["options"],
        "tables": "" if simulated(config, dataset) else label_tables.state(dataset),
    }
    return Decided(choices=choices, loaded=(_adapter(dataset),))


def stratify(config: Settings, wildcards: Wildcards) -> Decided:
    """As for labels; but what the tables say of them is no choice."""
    known = label(config, wildcards)
    choices = {key: one for key, one in known.choices.items() if key != "tables"}
    return Decided(choices=choices, loaded=known.loaded)


def verify(config: Settings, wildcards: Wildcards) -> Decided:
    """The time is a choice, so that asking again reads again."""
    dataset = config["datasets"][wildcards["dataset"]]
    choices = {
        "asked_ns": time.time_ns(),
        "unwatched": shards.unwatched(dataset),
    }
    return Decided(choices=choices)

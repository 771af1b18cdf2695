"""What lies in a user's folder when the plan is made: its shards and their states."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from workflow_scripts.core import archive

PRIVATE = "results/ingest/{dataset}/private"


@dataclass(frozen=True)
class Listing:
    """The state of a folder, and of each shard that the work on it is cut into."""

    state: str
    shards: dict[int, str]


@cache
def listing(
    dataset: str, root: Path, unwatched: tuple[str, ...], at_most: int
) -> Listing:
    """Return what lies below `root` now.

    A file whose content changed under an unchanged size and time is noticed only by
    `snakemake verify`, which leaves its digest where it is found here.
    """
    private = Path(PRIVATE.format(dataset=dataset))
    states = archive.states(root, unwatched, private)
    before = archive.remembered(private, archive.SHARDS)
    numbers = archive.assigned(states, before, at_most=at_most)
    if numbers != before:  # the jobs read it there: a list is no word of a command
        archive.remember(private, archive.SHARDS, numbers)
    files: dict[int, dict[str, str]] = {}
    for path, number in numbers.items():
        files.setdefault(number, {})[path] = states[path]
    shards = {number: archive.digest(files[number]) for number in sorted(files)}
    return Listing(archive.digest(states), shards)


@cache
def state(root: Path) -> str:
    """Return a digest of the names, sizes and times of all files below `root`."""
    return archive.digest(archive.walk(root))

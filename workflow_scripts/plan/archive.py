"""What lies in a user's folder when the plan is made: its shards and their states."""

import contextlib
import hmac
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from workflow_scripts.core import archive

PRIVATE = "results/ingest/{dataset}/private"
SALT = "salt.json"


@dataclass(frozen=True)
class Listing:
    """The state of a folder, and of each shard that the work on it is cut into."""

    state: str
    shards: dict[int, str]
    paths: dict[int, list[str]]  # of the files in each shard


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
        with contextlib.suppress(OSError):  # a dry run may look at what it cannot write
            archive.remember(private, archive.SHARDS, numbers)
    files: dict[int, dict[str, str]] = {}
    for path, number in numbers.items():
        files.setdefault(number, {})[path] = states[path]
    shards = {number: archive.digest(files[number]) for number in sorted(files)}
    paths = {number: list(known) for number, known in files.items()}
    return Listing(archive.digest(states), shards, paths)


@cache
def state(root: Path) -> str:
    """Return a digest of the size and time of a file, or of all below a folder."""
    if root.is_dir():
        return archive.digest(archive.walk(root))
    known = root.stat()
    return archive.digest({root.name: f"{known.st_size} {known.st_mtime_ns}"})


def salted(dataset: str, text: str) -> str:
    """Return a digest that tells nothing of `text`: its salt stays private."""
    private = Path(PRIVATE.format(dataset=dataset))
    salt = archive.remembered(private, SALT).get("salt")
    if salt is None:
        salt = secrets.token_hex(32)
        with contextlib.suppress(OSError):
            archive.remember(private, SALT, {"salt": salt})
    return hmac.digest(salt.encode("ascii"), text.encode(), "sha256").hex()[:20]

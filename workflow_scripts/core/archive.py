"""A user's folder: what lies in it, and which shard of the work each file belongs to.

A shard is one job. It keeps its files as the folder grows: new ones go into the last
shard while it has room, then into new shards, and nothing else is read again. The plan
leaves in `private/shards.json` which file is in which shard; without that file the
folder is cut afresh.
"""

import hashlib
import json
import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

from workflow_scripts.core.errors import InputError

READABLE = "/ !#$&'()+,;=@[]{}^"  # besides letters, digits and _.-~
SHARDS = "shards.json"  # in the dataset's private folder: path -> number of its shard
CHANGED = "changed.json"  # there too: path -> SHA-256, where a time stamp hid a change

# Snakemake puts this into a folder that a rule of ours made (the phantoms')
SNAKEMAKES_OWN = b".snakemake_timestamp"


def walk(root: Path, unwatched: Iterable[str] = ()) -> dict[str, str]:
    """Return the state of all that is no folder below `root`, links unfollowed.

    Args:
        root: the folder.
        unwatched: paths below the root, of files or folders whose content something
            else watches; only their names count.

    Returns:
        Path below the root, percent-encoded as in a URL -> size and time; sorted.

    Raises:
        InputError: if a folder cannot be listed.
    """
    top = os.fsencode(root)
    hidden = tuple(unwatched)
    found: dict[str, str] = {}
    waiting = [top]
    try:
        while waiting:
            with os.scandir(waiting.pop()) as entries:
                for item in entries:
                    if item.is_dir(follow_symlinks=False):
                        waiting.append(item.path)
                    elif item.name != SNAKEMAKES_OWN:
                        place = os.path.relpath(item.path, top)
                        path = quote_from_bytes(place, safe=READABLE)
                        found[path] = "" if below(path, hidden) else _state(item)
    except OSError as error:
        kind = type(error).__name__
        raise InputError(f"datasets: a folder below `root`: {kind}") from None
    return dict(sorted(found.items()))


def states(root: Path, unwatched: Iterable[str], private: Path) -> dict[str, str]:
    """Return `walk`, with the digests of changes that a time stamp hid."""
    found = walk(root, unwatched)
    for path, sha256 in remembered(private, CHANGED).items():
        if path in found:
            found[path] += f" {sha256}"
    return found


def below(path: str, places: Iterable[str]) -> bool:
    """Tell whether `path` is one of the `places` or lies in one of them."""
    return any(path == place or path.startswith(f"{place}/") for place in places)


def _state(item: "os.DirEntry[bytes]") -> str:
    known = item.stat(follow_symlinks=False)
    return f"{known.st_size} {known.st_mtime_ns}"


def assigned(
    paths: Iterable[str], before: dict[str, int], *, at_most: int
) -> dict[str, int]:
    """Return the number of each file's shard.

    Args:
        paths: of all files there are.
        before: what this gave the last time; {} at first.
        at_most: files in a shard.
    """
    kept = {path: before[path] for path in paths if path in before}
    new = [path for path in paths if path not in before]
    if not kept:
        size = math.ceil(len(new) / max(1, math.ceil(len(new) / at_most)))
        return {path: place // size for place, path in enumerate(new)}
    last = max(kept.values())
    used = sum(number == last for number in kept.values())
    grown = {path: last + (used + i) // at_most for i, path in enumerate(new)}
    return kept | grown


def in_shard(
    root: Path, private: Path, shard: int, shards: int, planned: str
) -> list[str]:
    """List the files of one shard, by path.

    Args:
        root: the folder.
        private: where the plan left which file is in which shard.
        shard: its number.
        shards: how many there are of phantoms, which were not there to be planned
            with: they are cut evenly. 0 for all other files.
        planned: digest of the list that the plan made; "" for phantoms.

    Raises:
        InputError: if a later plan cut the folder in another way.
    """
    if shards:
        paths = list(walk(root))
        numbers = assigned(paths, {}, at_most=math.ceil(len(paths) / shards))
    else:
        numbers = remembered(private, SHARDS)
    ours = sorted(path for path, number in numbers.items() if number == shard)
    if planned and listed(ours) != planned:
        raise InputError("datasets: `root` changed since the plan was made; run again")
    return ours


def listed(paths: Iterable[str]) -> str:
    """Return a digest of a list of paths."""
    return digest(dict.fromkeys(sorted(paths), ""))


def remembered(private: Path, name: str) -> dict[str, Any]:
    """Return what a file of the private folder remembers; {} if there is none."""
    try:
        known = json.loads((private / name).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def remember(private: Path, name: str, known: dict[str, int] | dict[str, str]) -> None:
    """Write a file of the private folder, open to nobody else."""
    private.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = private / f".partial-{os.getpid()}-{name}"
    partial.write_text(json.dumps(known), encoding="ascii")
    partial.chmod(0o600)
    partial.replace(private / name)


def digest(states: dict[str, str]) -> str:
    """Return twenty hex digits over the paths and states of files."""
    return hashlib.sha256(json.dumps(states).encode("ascii")).hexdigest()[:20]

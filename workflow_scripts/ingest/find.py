"""List every file below a dataset's root; nothing is opened, no link followed."""

import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from workflow_scripts.core import archive, entry
from workflow_scripts.core.entry import Input, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.ingest import PATHS
from workflow_scripts.ingest.pseudonym import make_key, pseudonyms_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What decides the list besides the folder."""

    key_file: str  # "" for phantoms, whose key is public
    state: str  # of the folder as it was planned with
    unwatched: list[str]  # what lies below the root but is watched elsewhere


def main(*, root: Input, recipe: Recipe, paths: Output) -> None:
    """Walk `root`, write the list `paths`."""
    private = paths.parent
    private.chmod(0o700)
    make_key(recipe.key_file, private)
    states = archive.states(root, recipe.unwatched, private)
    if not states:
        raise InputError("datasets: the folder `root` holds no file")
    if recipe.key_file and archive.digest(states) != recipe.state:
        raise InputError("datasets: `root` changed since the plan was made; run again")
    listed = with_ids(list(states), recipe.key_file, private)
    log.info("files: %d found", len(listed))
    PATHS.write(listed, paths)
    paths.chmod(0o600)


def of_shard(
    root: Path, private: Path, shard: int, shards: int, planned: str, key_file: str
) -> pd.DataFrame:
    """Return file_id and path of the files that `archive.in_shard` lists."""
    paths = archive.in_shard(root, private, shard, shards, planned)
    return with_ids(paths, key_file, private)


def with_ids(paths: list[str], key_file: str, private: Path) -> pd.DataFrame:
    """Return `paths` with their file_id: the same one in every step that asks."""
    pseudonyms = pseudonyms_of(key_file, "", private)
    ids = [pseudonyms.of("file", path) for path in paths]
    return pd.DataFrame({"file_id": ids, "path": paths}, dtype="string")


if __name__ == "__main__":
    entry.run(main)

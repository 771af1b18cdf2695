"""List every file below a dataset's root; nothing is opened, no link followed."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_from_bytes

import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.ingest import PATHS
from workflow_scripts.ingest.pseudonym import Pseudonyms, make_key, read_key

READABLE = "/ !#$&'()+,;=@[]{}^"  # besides letters, digits and _.-~

# Snakemake puts this into a folder that a rule of ours made (the phantoms')
SNAKEMAKES_OWN = b".snakemake_timestamp"

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What decides the list besides the folder."""

    key_file: str  # "" for phantoms, whose key is public
    state: str  # digest of names, sizes and times: a changed folder is read again


def main(*, root: Input, recipe: Recipe, paths: Output) -> None:
    """Walk `root`, write the list `paths`."""
    make_key(recipe.key_file)
    pseudonyms = Pseudonyms(read_key(recipe.key_file), site="")
    found = [quote_from_bytes(path, safe=READABLE) for path in walk(root)]
    if not found:
        raise InputError("datasets: the folder `root` holds no file")
    log.info("files: %d found", len(found))
    if paths.parent.name == "private":
        paths.parent.chmod(0o700)
    ids = [pseudonyms.of("file", path) for path in found]
    PATHS.write(pd.DataFrame({"file_id": ids, "path": found}), paths)
    paths.chmod(0o600)


def walk(root: Path) -> list[bytes]:
    """Return the path below `root` of all that is no folder, sorted by its bytes.

    Raises:
        InputError: if a folder cannot be listed.
    """
    top = os.fsencode(root)
    found: list[bytes] = []
    waiting = [top]
    try:
        while waiting:
            with os.scandir(waiting.pop()) as entries:
                for item in entries:
                    if item.is_dir(follow_symlinks=False):
                        waiting.append(item.path)
                    elif item.name != SNAKEMAKES_OWN:
                        found.append(os.path.relpath(item.path, top))
    except OSError as error:
        kind = type(error).__name__
        raise InputError(f"datasets: a folder below `root`: {kind}") from None
    return sorted(found)


if __name__ == "__main__":
    entry.run(main)

"""What a step remembers of its last run, so that those already there stay as they were.

The file lies beside the step's output, but no rule names it: Snakemake deletes a job's
outputs before it starts. Its name holds a digest of the choices that it is valid for:
another seed finds another file, and the first one is still there for whoever returns.
The step's provenance does not tell of it, so its digest is in the log of the step.
"""

import hashlib
import json
import logging
from pathlib import Path

import pandas as pd

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables import Table

log = logging.getLogger(__name__)


def place(output: Path, **choices: object) -> Path:
    """Return the file beside `output` that remembers what was done by `choices`.

    Among them is the VERSION of the step, so that a memory of a corrected way to decide
    is not gone by.
    """
    known = json.dumps(choices, sort_keys=True)
    digest = hashlib.sha256(known.encode()).hexdigest()[:20]
    return output.parent / f"remembered-{digest}.parquet"


def recall(table: Table, path: Path) -> pd.DataFrame:
    """Return what `path` remembers; the empty table if there is no such file.

    Raises:
        InputError: if the file is damaged. To go on without it could move a test
            patient into training, which a person should decide.
    """
    if not path.exists():
        return table.empty()
    try:
        frame = table.read(path)
    except Exception as error:
        raise InputError(
            f"{path}: cannot be read; put a copy back, or delete it to draw all "
            "patients afresh: some will then change places"
        ) from error
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    log.info("goes by %s, %d rows, sha256 %s", path.name, len(frame), digest)
    return frame


def keep(table: Table, frame: pd.DataFrame, path: Path) -> None:
    """Write `frame` to `path`, so that a reader sees all of it or the last one."""
    partial = path.with_name(f".partial-{path.name}")
    table.write(frame, partial)
    partial.replace(path)

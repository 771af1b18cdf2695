"""Progress that outlives a killed job.

Snakemake deletes the outputs of a job that failed, so a checkpoint is never one. It
lies in `results/.checkpoints/`, in a folder named by all that decides the result:
another recipe finds another folder, the same recipe finds its own and goes on.
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workflow_scripts.core.errors import InputError

CHECKPOINTS = Path("results/.checkpoints")


def discard(digest: str) -> None:
    """Forget the progress of a piece of work that is published."""
    shutil.rmtree(CHECKPOINTS / digest, ignore_errors=True)


@contextmanager
def workspace(digest: str) -> Iterator[Path]:
    """Give the folder of this piece of work, to this process alone.

    Args:
        digest: follows all inputs and choices.

    Raises:
        InputError: if another process, an orphan perhaps, is still at it.
    """
    folder = CHECKPOINTS / digest
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(f"{folder} is in use by another process") from error
        yield folder

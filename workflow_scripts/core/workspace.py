"""Progress that outlives a killed job, and results that outlive their inputs' dates.

Snakemake deletes the outputs of a job that failed, so a checkpoint is never one. It
lies in `results/.checkpoints/`, in a folder named by all that decides the result:
another recipe finds another folder, the same recipe finds its own and goes on.

What such work gave is kept once more, as hard links that take no room. If its inputs
are written anew and turn out the same, as the pool of an encoder does when a dataset is
added that it does not meet, the result is published again and nothing is trained. Where
they are not the same, a step may still take from it what has not changed.
"""

import fcntl
import hashlib
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workflow_scripts.core import provenance
from workflow_scripts.core.errors import InputError

CHECKPOINTS = Path("results/.checkpoints")
FINISHED = CHECKPOINTS / "finished"

log = logging.getLogger(__name__)


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
        except OSError as error:
            raise InputError(
                f"{folder} is in use by another process, or on a disk without locks: "
                f"{error.strerror}"
            ) from error
        yield folder


def keep(identity: str, published: list[Path]) -> None:
    """Keep the files that a piece of work `published`, in place of earlier ones.

    What cannot be kept, on a full disk or on one without hard links, is no failure.
    """
    folder = _folder(published)
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for path, kept in zip(published, _kept(published), strict=True):
            os.link(path, kept)
            os.link(provenance.sidecar(path), provenance.sidecar(kept))
        (folder / "identity").write_text(identity, encoding="utf-8")
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        log.warning(
            "the result is published, but not kept for later: %s", error.strerror
        )


def published_again(identity: str, wanted: list[Path]) -> bool:
    """Put the files of the very same work where they are `wanted`, if they are kept.

    Kept files that are missing, or not what their sidecars say, are made anew.
    """
    mark = _folder(wanted) / "identity"
    same = mark.is_file() and mark.read_bytes() == identity.encode()
    kept = earlier(wanted) if same else []
    return bool(kept) and _linked(kept, wanted)


def earlier(wanted: list[Path]) -> list[Path]:
    """List what was published last where files are `wanted`, in their order.

    Nothing, if any of it is missing or not what its sidecar says.
    """
    kept = _kept(wanted)
    return kept if all(provenance.intact(path) for path in kept) else []


def _linked(kept: list[Path], wanted: list[Path]) -> bool:
    """Link what is `kept`, with its sidecars, where it is `wanted`: all or nothing."""
    pairs = list(zip(kept, wanted, strict=True))
    pairs += [(provenance.sidecar(one), provenance.sidecar(to)) for one, to in pairs]
    made: list[Path] = []
    try:
        for one, to in pairs:
            to.unlink(missing_ok=True)
            os.link(one, to)
            made.append(to)
            to.touch()  # newer than its inputs
    except OSError as error:
        for path in made:
            path.unlink(missing_ok=True)
        log.warning("what is kept cannot be taken again: %s", error.strerror)
        return False
    return True


def _kept(paths: list[Path]) -> list[Path]:
    folder = _folder(paths)
    return [folder / f"{number}-{path.name}" for number, path in enumerate(paths)]


def _folder(paths: list[Path]) -> Path:
    names = "\n".join(map(str, paths))
    return FINISHED / hashlib.sha256(names.encode()).hexdigest()[:20]

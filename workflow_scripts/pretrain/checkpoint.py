"""Save all that moves in training, so that a killed run goes on as if never stopped."""

import hashlib
import logging
import os
import shutil
from pathlib import Path
from typing import Any

import torch

from workflow_scripts.core.errors import InputError

log = logging.getLogger(__name__)


def save(state: dict[str, Any], folder: Path, step: int) -> None:
    """Write `state` whole, with its SHA-256 beside it; the last two are kept.

    Raises:
        InputError: if it cannot be written. The one before stays.
    """
    path = folder / f"step-{step:09d}.pt"
    partial = path.with_suffix(".partial")
    for left_over in folder.glob("*.partial"):  # of a process killed while it saved
        left_over.unlink()
    try:
        torch.save(state, partial)
        _write(path.with_suffix(".sha256"), _sha256(partial))
        _settle(partial)
    except (OSError, RuntimeError) as error:  # torch's, of a full disk
        partial.unlink(missing_ok=True)
        free = shutil.disk_usage(folder).free / 2**30
        raise InputError(
            f"checkpoints: {folder} cannot be written, {free:.3g} GiB are free "
            f"({type(error).__name__}); make room and run again: it goes on from the "
            "checkpoint before"
        ) from error
    partial.replace(path)
    _settle(folder)
    for old in sorted(folder.glob("step-*.pt"))[:-2]:
        old.unlink()
        old.with_suffix(".sha256").unlink(missing_ok=True)


def newest(folder: Path) -> str | None:
    """Return the name of the newest state in `folder` that is whole; None without."""
    for path in sorted(folder.glob("step-*.pt"), reverse=True):
        seal = path.with_suffix(".sha256")
        if seal.is_file() and seal.read_text(encoding="utf-8") == _sha256(path):
            return path.name
        log.warning("%s is damaged; going back one further", path.name)
    return None


def read(path: Path) -> dict[str, Any]:
    """Return the state at `path`, on the CPU."""
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    _settle(path)


def _settle(path: Path) -> None:
    """Have the file or folder at `path` on the disk before anything else is done."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

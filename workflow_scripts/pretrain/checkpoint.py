"""Save all that moves in training, so that a killed run goes on as if never stopped."""

import hashlib
import logging
import os
from pathlib import Path
from typing import Any

import torch

log = logging.getLogger(__name__)


def save(state: dict[str, Any], folder: Path, epoch: int) -> None:
    """Write `state` whole, with its SHA-256 beside it; the last two are kept."""
    path = folder / f"epoch-{epoch:05d}.pt"
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    path.with_suffix(".sha256").write_text(_sha256(partial), encoding="utf-8")
    partial.replace(path)
    for old in sorted(folder.glob("epoch-*.pt"))[:-2]:
        old.unlink()
        old.with_suffix(".sha256").unlink(missing_ok=True)


def newest(folder: Path) -> dict[str, Any] | None:
    """Return the newest state in `folder` that is whole; None if there is none."""
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        seal = path.with_suffix(".sha256")
        if seal.is_file() and seal.read_text(encoding="utf-8") == _sha256(path):
            state: dict[str, Any] = torch.load(path, weights_only=True)
            return state
        log.warning("%s is damaged; going back one further", path.name)
    return None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

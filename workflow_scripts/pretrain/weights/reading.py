"""Read the tensors of a file of weights, without running anything that is in it."""

import argparse
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals

from workflow_scripts.core.errors import InputError

Tensors = dict[str, Tensor]
# The paper codes of DINO and MAE keep their command line in this; it only holds values.
HARMLESS: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [
    argparse.Namespace
]
OPTIMISER = "optim"  # begins the names under which training states lie
EXPORT = (
    "in the project that wrote it, load the model, say "
    "torch.save(model.state_dict(), 'weights.pth'), and bring that file"
)


def tensors(path: Path) -> Tensors:
    """Return the tensors in `path`, by their names; a `/` ends the name of a folder.

    So `checkpoint["state_dict"]["conv1.weight"]` is `state_dict/conv1.weight`.

    Raises:
        InputError: if the file is neither safetensors nor a state dict that loads with
            weights_only, or holds no tensor.
    """
    loaded = _safetensors(path) if _is_safetensors(path) else _torch(path)
    found = dict(_flat(loaded)) if isinstance(loaded, Mapping) else {}
    if not found:
        raise InputError(
            f"weights: {path.name} holds a {type(loaded).__name__} without tensors, "
            f"where a state dict was expected; {EXPORT}"
        )
    return found


def _flat(tree: Mapping[Any, Any], before: str = "") -> list[tuple[str, Tensor]]:
    """List the tensors of `tree` with their names; of an optimiser, none."""
    found: list[tuple[str, Tensor]] = []
    for key, value in tree.items():
        if isinstance(value, Tensor):
            found.append((f"{before}{key}", value))
        elif isinstance(value, Mapping) and not str(key).startswith(OPTIMISER):
            found += _flat(value, f"{before}{key}/")
    return found


def _is_safetensors(path: Path) -> bool:
    """Say whether `path` begins as safetensors do: a length, then JSON."""
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"


def _safetensors(path: Path) -> Tensors:
    try:
        return load_file(path)
    except SafetensorError as error:
        raise InputError(
            f"weights: {path.name} looks like safetensors but is damaged ({error}); "
            "copy it again"
        ) from error


def _torch(path: Path) -> object:
    try:
        with safe_globals(HARMLESS):
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(
            f"weights: {path.name} is neither safetensors nor a state dict that loads "
            f"with weights_only{_odd(path)}; {EXPORT}"
        ) from error


def _odd(path: Path) -> str:
    """Name what else than tensors is in the file; its pickle is read, never run."""
    if not zipfile.is_zipfile(path):
        return ""
    try:
        with safe_globals(HARMLESS):
            found = sorted(get_unsafe_globals_in_checkpoint(path))
    except Exception:
        return ""
    return f" (it holds {', '.join(found[:3])})" if found else ""

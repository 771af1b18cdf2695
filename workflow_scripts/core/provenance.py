"""Say what made an artifact: its code, its choices, its inputs, its machine."""

import hashlib
import importlib.metadata
import json
import platform
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from workflow_scripts.core.errors import InputError

# Choices that tell where things lie on this machine: a path may hold a name.
UNTOLD = ("key_file", "table", "unwatched", "masks_below")
# Above this an input is taken at its sidecar's word; below, its bytes are read again.
VERIFIED_BYTES = 256 * 2**20
PACKAGES = (
    *("numpy", "scipy", "pandas", "pyarrow", "pydicom", "imagecodecs", "matplotlib"),
    *("torch", "timm", "lightly", "statsmodels", "safetensors"),
)


def digest(*parts: object) -> str:
    """Return twenty hex digits over `parts`, for names that must follow content."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's names and sizes, as hex digits."""
    if path.is_dir():
        seen = (p for p in path.rglob("*") if p.is_file())
        rows = sorted(f"{p.relative_to(path)!r} {p.stat().st_size}" for p in seen)
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sidecar(path: Path) -> Path:
    """Return where the provenance of the artifact at `path` is kept."""
    return path.with_name(f"{path.name}.provenance.json")


def _identity(path: Path) -> dict[str, Any]:
    """Return an input's path, size and SHA-256, checked against its sidecar.

    Raises:
        InputError: if the file is not the one that its step wrote.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    if path.is_dir():  # a user's archive is not read twice: the recipe marks its state
        return {"path": str(path), "sha256": None, "bytes": None}
    size = path.stat().st_size
    known: dict[str, Any] = {}
    if sidecar(path).is_file():
        known = json.loads(sidecar(path).read_text(encoding="utf-8"))
    large = size > VERIFIED_BYTES and size == known.get("bytes")
    seen = known["sha256"] if large else sha256(path)
    if known and (size != known["bytes"] or seen != known["sha256"]):
        raise InputError(
            f"{path}: changed since its step wrote it; delete it and run again"
        )
    return {"path": str(path), "sha256": seen, "bytes": size}


def intact(path: Path) -> bool:
    """Say whether the file at `path` is what its sidecar says."""
    known = json.loads(sidecar(path).read_text(encoding="utf-8"))
    return bool(sha256(path) == known["sha256"])


@dataclass(kw_only=True)
class Record:
    """What is known of one run of one step."""

    recipe: dict[str, Any]
    inputs: dict[str, list[dict[str, Any]]]
    started: str
    clock: float
    made: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def begin(cls, recipe: str, inputs: dict[str, list[Path]]) -> "Record":
        """Note the time, the `recipe` (JSON) and what the inputs are before the work.

        An input that is not the one its step wrote ends the program here.
        """
        try:
            known = {name: [_identity(p) for p in ps] for name, ps in inputs.items()}
        except InputError as error:
            sys.exit(str(error))
        return cls(
            recipe=json.loads(recipe),
            inputs=known,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            clock=time.monotonic(),
        )

    @property
    def identity(self) -> str:
        """A digest of the recipe and of every input's content."""
        return digest(self.recipe, self.inputs)

    @property
    def rule(self) -> str:
        """The rule that this run belongs to."""
        return str(self.recipe["rule"])

    def finish(self) -> None:
        """Note the time taken and the machine, and that the inputs stayed the same.

        Raises:
            InputError: if an input changed while it was being read.
        """
        for known in (one for many in self.inputs.values() for one in many):
            path = Path(known["path"])
            if path.is_file() and path.stat().st_size != known["bytes"]:
                raise InputError(f"{path}: changed while it was being read; run again")
        self.made = {
            "started": self.started,
            "seconds": round(time.monotonic() - self.clock, 3),
            "versions": _versions(),
            "device": _device(),
        }

    def _known_inputs(self) -> dict[str, list[dict[str, Any]]]:
        """Return the inputs; of those outside the working folder, not their place."""
        return {
            name: [
                {**one, "path": one["path"] if _inside(one["path"]) else "outside"}
                for one in many
            ]
            for name, many in self.inputs.items()
        }

    def of(self, written: Path, path: Path) -> dict[str, Any]:
        """Return the provenance of what was `written`, to be published as `path`."""
        size = None if written.is_dir() else written.stat().st_size
        return {
            "artifact": path.name,
            "sha256": sha256(written),
            "bytes": size,
            **self.recipe,
            "choices": _told(self.recipe["choices"]),
            "inputs": self._known_inputs(),
            **self.made,
        }


def _inside(path: str) -> bool:
    """Say whether `path` lies below the working folder, by its name alone."""
    return not Path(path).is_absolute() and ".." not in Path(path).parts


def _told(choices: Any) -> Any:  # noqa: ANN401 (JSON)
    """Return `choices` without those that tell where things lie."""
    if not isinstance(choices, dict):
        return choices
    return {key: _told(value) for key, value in choices.items() if key not in UNTOLD}


def _versions() -> dict[str, str]:
    """Return Python's version and that of each loaded package that we depend on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        if name in sys.modules:
            found[name] = importlib.metadata.version(name)
    renamed = {"cv2": "opencv-python-headless", "sklearn": "scikit-learn"}
    for module, package in renamed.items():
        if module in sys.modules:
            found[package] = importlib.metadata.version(package)
    return found


def _device() -> dict[str, Any]:
    """Return what decides the bits of a result besides code and input."""
    torch = cast(Any, sys.modules.get("torch"))
    if torch is None:
        return {"machine": platform.machine()}
    cuda = torch.cuda
    return {
        "machine": platform.machine(),
        "accelerator": cuda.get_device_name() if cuda.is_available() else None,
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
    }

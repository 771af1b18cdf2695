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
# Where the files of one flag are more than this together, each whose size is as its
# sidecar says is taken at the sidecar's word; else the bytes of each are read again.
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


def _wrote(path: Path) -> tuple[Any, Any]:
    """Return size and SHA-256 by the sidecar of `path`; None if missing or garbled."""
    try:
        known = json.loads(sidecar(path).read_bytes())
        return known["bytes"], known["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None, None


def _identities(paths: list[Path]) -> list[dict[str, Any]]:
    """Return what one flag's inputs are; see `VERIFIED_BYTES`."""
    together = sum(path.stat().st_size for path in paths if path.is_file())
    return [_identity(path, together <= VERIFIED_BYTES) for path in paths]


def _identity(path: Path, verified: bool) -> dict[str, Any]:
    """Return an input's path, size and SHA-256, checked against its sidecar.

    Raises:
        InputError: if the file, or its sidecar, is not the one that its step wrote.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    if path.is_dir():  # a user's archive is not read twice: the recipe marks its state
        return {"path": str(path), "sha256": None, "bytes": None}
    size = path.stat().st_size
    wrote = _wrote(path)
    seen = wrote[1] if not verified and size == wrote[0] else sha256(path)
    if sidecar(path).exists() and (size, seen) != wrote:
        raise InputError(
            f"{path}: changed since its step wrote it; delete it and run again"
        )
    return {"path": str(path), "sha256": seen, "bytes": size}


def intact(path: Path) -> bool:
    """Say whether the file at `path` is there, and is what its sidecar says."""
    return path.is_file() and sha256(path) == _wrote(path)[1]


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
            known = {name: _identities(paths) for name, paths in inputs.items()}
        except InputError as error:
            sys.exit(str(error))
        return cls(
            recipe=json.loads(recipe),
            inputs=known,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            clock=time.monotonic(),
        )

    def identity(self, without: set[str]) -> str:
        """Return a digest of the recipe and of all inputs, but `without` some."""
        followed = {n: each for n, each in self.inputs.items() if n not in without}
        return digest(self.recipe, followed)

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
    renamed = {"cv2": "opencv-python-headless", "sklearn": "scikit-learn"}
    packages = {name: renamed.get(name, name) for name in (*PACKAGES, *renamed)}
    loaded = [package for name, package in packages.items() if name in sys.modules]
    found = {package: importlib.metadata.version(package) for package in loaded}
    return {"python": platform.python_version(), **found}


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

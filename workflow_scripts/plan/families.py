"""Families of files that are loaded by name: adapters, methods, ..."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "workflow_scripts"
FAMILIES = {
    "adapter": PACKAGE / "ingest" / "datasets",
    "method": PACKAGE / "pretrain" / "methods",
    "augmentation": PACKAGE / "pretrain" / "augmentations",
    "protocol": PACKAGE / "finetune" / "protocols",
}


def members(family: str) -> list[str]:
    """List the names of a family of files: adapters, methods, ..."""
    files = FAMILIES[family].glob("*.py")
    return sorted(file.stem for file in files if file.stem != "__init__")


def unknown(place: str, given: str, known: list[str]) -> list[str]:
    """Return a complaint if what is `given` at `place` is not among the `known`."""
    if given in known:
        return []
    return [f"{place}: {given!r} is unknown; there are: {', '.join(known)}"]

"""Families of files that are loaded by name: adapters, methods, ..."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "workflow_scripts"
FAMILIES = {
    "adapter": PACKAGE / "ingest" / "datasets",
    "check": PACKAGE / "ingest" / "checks",
    "mask source": PACKAGE / "ingest" / "masks",
    "finder": PACKAGE / "prepare" / "finders",
    "shortcut": PACKAGE / "evaluate" / "shortcuts",
    "method": PACKAGE / "pretrain" / "methods",
    "augmentation": PACKAGE / "pretrain" / "augmentations",
    "weights format": PACKAGE / "pretrain" / "weights" / "formats",
    "protocol": PACKAGE / "finetune" / "protocols",
    "kind": PACKAGE / "finetune" / "kinds",
}


def members(family: str) -> list[str]:
    """List the names of a family of files: adapters, methods, ..."""
    files = FAMILIES[family].glob("*.py")
    return sorted(file.stem for file in files if file.stem != "__init__")


def options_of(family: str, name: str) -> list[str]:
    """List the fields of a member's `Options`, read from its source.

    Those of another member's, as in `class Options(moco.Options)`, are among them.
    """
    source = (FAMILIES[family] / f"{name}.py").read_text(encoding="utf-8")
    found = []
    for node in ast.parse(source).body:
        if not isinstance(node, ast.ClassDef) or node.name != "Options":
            continue
        for base in node.bases:
            found += options_of(family, ast.unparse(base).partition(".")[0])
        found += [
            field.target.id
            for field in node.body
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        ]
    return found


def unknown(place: str, given: str, known: list[str]) -> list[str]:
    """Return a complaint if what is `given` at `place` is not among the `known`."""
    if given in known:
        return []
    return [f"{place}: {given!r} is unknown; there are: {', '.join(known)}"]


def states(family: str, name: str, flag: str) -> bool:
    """Say whether the file of a member has `flag = True`, read from its source."""
    source = (FAMILIES[family] / f"{name}.py").read_text(encoding="utf-8")
    return any(ast.unparse(node) == f"{flag} = True" for node in ast.parse(source).body)


def has(family: str, name: str, function: str) -> bool:
    """Say whether a member of a family holds a `function`, read from its source."""
    source = (FAMILIES[family] / f"{name}.py").read_text(encoding="utf-8")
    return any(
        isinstance(node, ast.FunctionDef) and node.name == function
        for node in ast.parse(source).body
    )


def says(method: str, flag: str) -> bool:
    """Say whether the class of a method has `flag = True`, read from its source."""
    source = (FAMILIES["method"] / f"{method}.py").read_text(encoding="utf-8")
    return any(
        isinstance(line, ast.Assign) and ast.unparse(line) == f"{flag} = True"
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name == "Method"
        for line in node.body
    )

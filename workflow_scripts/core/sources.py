"""Say which code a step runs.

Snakemake notices an edited rule or script, never an edited import. `stamps` lists
every module of ours behind a step as `path@digest`; a rule that carries them among
its params runs again when one of them changes meaning. Comments, docstrings and
layout are not counted.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = __name__.partition(".")[0]


def stamps(*modules: str, root: Path = ROOT) -> list[str]:
    """List `modules` and all of ours that they import, as `path@digest`, sorted.

    Args:
        modules: dotted names of modules of ours.
        root: the folder that holds our package.

    Raises:
        ModuleNotFoundError: if one of `modules` is not a module of ours.
        ValueError: if an import's target cannot be read from the source.
    """
    found: set[Path] = set()
    waiting = [path for name in modules for path in _files(name, root, needed=True)]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += [file for name in _imports(path) for file in _files(name, root)]
    return sorted(f"{path.relative_to(root)}@{_digest(path)}" for path in found)


def _files(module: str, root: Path, *, needed: bool = False) -> list[Path]:
    """Return the files that importing `module` runs: packages above it, then itself."""
    parts = module.split(".")
    files: list[Path] = []
    for end in range(1, len(parts) + 1):
        base = root.joinpath(*parts[:end])
        if (base / "__init__.py").is_file():
            files.append(base / "__init__.py")
        elif base.with_suffix(".py").is_file():
            return [*files, base.with_suffix(".py")]
        elif needed:
            raise ModuleNotFoundError(f"{module!r} is not a module of {PACKAGE!r}")
        else:
            break
    return files if parts[0] == PACKAGE else []


def _imports(path: Path) -> list[str]:
    """Name every module that the file at `path` may import, in any of its scopes.

    Our `load(name)` functions are let through: what they load is a choice, so the
    rule names it.
    """
    names: list[str] = []
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"{path}:{node.lineno}: relative imports are not read")
            names.append(node.module or "")
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return [name for name in names if name.partition(".")[0] == PACKAGE]


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes(), filename=str(path))


@cache
def _digest(path: Path) -> str:
    tree = ast.parse(path.read_bytes())
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(tree):
        if isinstance(node, kinds) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:12]


def pins_digest(root: Path = ROOT) -> str:
    """Return twelve hex digits over the pinned packages."""
    pins = root / "envs" / "requirements.txt"
    return hashlib.sha256(pins.read_bytes()).hexdigest()[:12]

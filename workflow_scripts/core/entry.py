"""Run a step: its typed signature is its command line.

A step's `main` takes keyword-only parameters of these types, and `run` gives each
one a flag:

    Input, Inputs    a file or folder it reads; several of them
    Apart            one of which the step says itself what matters: not in `Identity`
    Output, Outputs  a file or folder it writes; several of them
    int, str         a wildcard
    Identity         no flag: a digest of all that decides the result
    Earlier          no flag: what this job published before, in its order; or nothing
    Recipe           the step's own frozen dataclass, filled from the rule's `recipe`

An output is written under a temporary name and renamed when `main` returns, with a
provenance sidecar beside it: a killed step leaves nothing that looks finished.
"""

import argparse
import inspect
import json
import logging
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from workflow_scripts.core import provenance, workspace
from workflow_scripts.core.errors import InputError

Input = Annotated[Path, "input"]
Inputs = Annotated[list[Path], "inputs"]
Apart = Annotated[Path, "apart"]
Output = Annotated[Path, "output"]
Outputs = Annotated[list[Path], "outputs"]
Identity = Annotated[str, "identity"]
Earlier = Annotated[list[Path], "earlier"]

Paths = Path | list[Path]
FLAGLESS = {"identity", "earlier"}

RAW = "ingest_"  # begins the names of the rules whose steps see what names a person

log = logging.getLogger(__name__)


def run(main: Callable[..., None], argv: Sequence[str] | None = None) -> None:
    """Call `main` with what the command line gives, then publish what it wrote.

    Raises:
        SystemExit: 2 for a wrong command line, 1 for an `InputError`, and for any other
            exception of a step that sees raw data: its message may quote a name, so
            only its class and where it arose are told.
    """
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        datefmt="%H:%M:%S",
        force=True,
    )
    hints = get_type_hints(main, include_extras=True)
    given = vars(_parser(main, hints).parse_args(argv))
    kinds = {name: _kind(hint) for name, hint in hints.items()}
    read, written = {"input", "inputs", "apart"}, {"output", "outputs"}
    inputs = {n: _listed(given[n]) for n in given if kinds[n] in read}
    outputs = {n: given[n] for n in given if kinds[n] in written}
    record = provenance.Record.begin(given.pop("recipe"), inputs)
    wanted = [path for paths in outputs.values() for path in _listed(paths)]
    partial = {path: _partial(path) for path in wanted}
    whole = record.identity(without=set())
    own = record.identity(without={n for n in inputs if kinds[n] == "apart"})
    kept = "identity" in kinds.values()
    try:
        given["recipe"] = _choices(hints["recipe"], record.recipe)
        if kept and workspace.published_again(whole, wanted):
            log.info("%s: the same was made before and is taken again", record.rule)
            workspace.discard(own)
            return
        given |= {n: own for n in kinds if kinds[n] == "identity"}
        given |= {n: workspace.earlier(wanted) for n in kinds if kinds[n] == "earlier"}
        main(**given | {n: _renamed(paths, partial) for n, paths in outputs.items()})
        record.finish()
        for path in wanted:
            _publish(partial[path], path, record)
        if kept:
            workspace.keep(whole, wanted)
            workspace.discard(own)  # last: until now a killed step can go on
    except InputError as error:
        log.error("%s: %s", record.rule, error)
        sys.exit(1)
    except Exception as error:
        if not record.rule.startswith(RAW):
            raise
        frames = "".join(traceback.format_tb(error.__traceback__))
        log.error("%s: %s\n%s", record.rule, type(error).__name__, frames)
        sys.exit(1)
    finally:
        for path in partial.values():
            _remove(path)


def _parser(
    main: Callable[..., None], hints: dict[str, Any]
) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=inspect.getdoc(main))
    for name in inspect.signature(main).parameters:
        if _kind(hints[name]) in FLAGLESS:
            continue
        options: dict[str, Any] = {"required": True, "type": Path}
        match _kind(hints[name]):
            case "inputs" | "outputs":
                options["nargs"] = "*"
            case "int":
                options["type"] = int
            case "str" | "recipe":
                options["type"] = str
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, **options)
    return parser


def _kind(hint: object) -> str:
    """Name what a parameter is.

    Raises:
        TypeError: if a step may not have a parameter of type `hint`.
    """
    metadata = getattr(hint, "__metadata__", None)
    if metadata:
        return str(metadata[0])
    if isinstance(hint, type) and is_dataclass(hint):
        return "recipe"
    if hint is type(None):  # what `main` returns
        return "nothing"
    if hint in {int, str}:
        return str(getattr(hint, "__name__", hint))
    raise TypeError(f"a step's parameter cannot be of type {hint!r}")


def _choices(kind: Any, recipe: dict[str, Any]) -> Any:  # noqa: ANN401 (any dataclass)
    known = {field.name for field in fields(kind)}
    given = recipe["choices"]
    if given.keys() != known:
        raise InputError(f"recipe: wants {sorted(known)}, was given {sorted(given)}")
    return kind(**given)


def _listed(paths: Paths) -> list[Path]:
    return [paths] if isinstance(paths, Path) else paths


def _renamed(paths: Paths, names: dict[Path, Path]) -> Paths:
    return names[paths] if isinstance(paths, Path) else [names[path] for path in paths]


def _partial(path: Path) -> Path:
    """Make room for `path` and return the name to write it under until it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for left_over in path.parent.glob(f".partial-*-{path.name}"):
        if not _alive(int(left_over.name.split("-")[1])):
            _remove(left_over)
    return path.with_name(f".partial-{os.getpid()}-{path.name}")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _publish(partial: Path, path: Path, record: provenance.Record) -> None:
    sidecar = provenance.sidecar(path)
    sidecar.unlink(missing_ok=True)
    text = json.dumps(record.of(partial, path), indent=1)
    if path.is_dir():
        shutil.rmtree(path)
    partial.replace(path)
    _write_text(sidecar, text + "\n")


def _write_text(path: Path, text: str) -> None:
    """Write `text` to `path` so that a reader sees all of it or nothing."""
    partial = path.with_name(f".partial-{os.getpid()}-{path.name}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)

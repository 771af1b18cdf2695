"""What an adapter says of itself, read from its source without running it."""

import ast
import os
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

from workflow_scripts.core.archive import READABLE
from workflow_scripts.plan.families import FAMILIES, options_of, unknown
from workflow_scripts.plan.settings import Settings

TOLD: dict[str, Any] = {
    **{"TABLES": {}, "OPTIONAL": {}, "WORDS": {}, "EXPECTED": {}},
    **{"MASKS": (), "SITE": None, "RAW": None},
}


@cache
def told(adapter: str) -> dict[str, Any]:
    """Return the capitals of an adapter, by name; empty for those it lacks."""
    file = FAMILIES["adapter"] / f"{adapter}.py"
    found = dict(TOLD)
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign):
            (target,), value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            target, value = node.target, node.value
        else:
            continue
        if isinstance(target, ast.Name) and target.id in TOLD:
            found[target.id] = ast.literal_eval(value)
    return found


def site(name: str, dataset: Settings) -> str:
    """Return whose patients a dataset shows: two of one site share them."""
    return str(dataset["site"] or told(dataset["adapter"])["SITE"] or name)


def findings(dataset: Settings) -> list[str]:
    """List the findings that a dataset's labels can tell."""
    if dataset["labels"]:
        return sorted(dataset["labels"]["findings"])
    return sorted(set(told(dataset["adapter"])["WORDS"].values()))


def tables(dataset: Settings) -> list[Path]:
    """List the publisher's tables that are there, in the adapter's order."""
    root = Path(dataset["root"])
    if dataset["labels"]:
        return [root / dataset["labels"]["table"]]
    asked = told(dataset["adapter"])
    found = [_found(root, patterns) for patterns in _patterns(asked)]
    return [path for path in found if path]


def mask_place(dataset: Settings) -> Path | None:
    """Return the folder or table that a dataset's lung masks come from, if any."""
    masks = dataset["lung_masks"]
    if not masks:
        return None
    return Path(dataset["root"]) / (masks if isinstance(masks, str) else masks["place"])


def mask_source(dataset: Settings) -> str:
    """Return the name of the mask source; "" if there is none."""
    masks = dataset["lung_masks"]
    return "folder" if isinstance(masks, str) else masks["source"] if masks else ""


def masks_below(dataset: Settings) -> list[str]:
    """List the folders below the root that hold masks, as paths in a URL."""
    root = Path(dataset["root"])
    patterns = told(dataset["adapter"])["MASKS"]
    found = [path for pattern in patterns for path in _globbed(root, pattern)]
    place = mask_place(dataset)
    folders = [*found, *([place] if place and place.is_dir() else [])]
    return sorted({one for path in folders for one in below(root, path)})


def below(root: Path, path: Path) -> list[str]:
    """Return where `path` lies below `root`, percent-encoded; nothing if elsewhere."""
    place = os.path.relpath(os.path.realpath(path), os.path.realpath(root))
    if Path(place).parts[:1] in {(), ("..",)}:
        return []
    return [quote_from_bytes(os.fsencode(place), safe=READABLE)]


def misfits(place: str, dataset: Settings) -> list[str]:
    """List the tables that an adapter needs and the root lacks, and odd options."""
    adapter, root = dataset["adapter"], Path(dataset["root"])
    found = [
        f"{place}.root: {adapter} needs its table {name} ({' or '.join(patterns)}) "
        "there"
        for name, patterns in told(adapter)["TABLES"].items()
        if root.is_dir() and _found(root, patterns) is None
    ]
    if dataset["labels"] and adapter != "folder":
        found.append(f"{place}.labels: {adapter} knows its own tables; leave it out")
    known = options_of("adapter", adapter)
    for option in dataset["options"]:
        found += unknown(f"{place}.options", option, known)
    return found


def _patterns(asked: dict[str, Any]) -> list[tuple[str, ...]]:
    return [*asked["TABLES"].values(), *asked["OPTIONAL"].values()]


def _found(root: Path, patterns: tuple[str, ...]) -> Path | None:
    """Return the first file or folder, by name, that fits the first pattern to fit."""
    found = [path for pattern in patterns for path in _globbed(root, pattern)]
    return found[0] if found else None


@cache
def _globbed(root: Path, pattern: str) -> list[Path]:
    return sorted(root.glob(pattern))

"""Train the classifiers of one budget: one for each draw.

A classifier that is there already is taken and not trained again: of an earlier set of
draws, or of this job before it was killed. Its name says whether it is the same one.
"""

import logging
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch
from safetensors.numpy import load_file, save_file

from workflow_scripts.core import entry, provenance
from workflow_scripts.core.entry import Apart, Earlier, Identity, Input, Inputs, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.finetune import SELECTION
from workflow_scripts.core.workspace import workspace
from workflow_scripts.finetune import cells, problems, protocols
from workflow_scripts.finetune.beside import side_by_side
from workflow_scripts.finetune.cells import Cell, Done
from workflow_scripts.finetune.problems import Development, Recipe, problem_of

log = logging.getLogger(__name__)


def main(
    *,
    encoder: Input,
    card: Input,
    features: Input,
    development: Input,
    draw: Apart,
    stores: Inputs,
    masks: Inputs,
    rows: Input,
    recipe: Recipe,
    identity: Identity,
    earlier: Earlier,
    classifiers: Output,
    selection: Output,
) -> None:
    """Learn from the drawn patients' labels; what is finished is not done again."""
    files = encoder, card, features
    read = partial(
        problems.development, development, files, stores, masks, rows, recipe
    )
    asked = {name_of(cell, identity): cell for cell in cells.cells_of(draw)}
    with workspace(identity) as folder:
        known = {**dict(published(earlier, asked)), **dict(finished(folder, asked))}
        before = ", ".join(str(asked[name].number) for name in asked if name in known)
        waiting = {name: cell for name, cell in asked.items() if name not in known}
        log.info("draws %s: as before; %d to train", before or "none", len(waiting))
        teach = partial(train, read, recipe, folder)
        if waiting:
            side_by_side(teach, shared_out(waiting))
        known |= dict(finished(folder, waiting))
        if left := {name: cell for name, cell in asked.items() if name not in known}:
            teach(left, alone=True)
            known |= dict(finished(folder, left))
        cells.write([known[name] for name in asked], classifiers, selection)


def shared_out(waiting: dict[str, Cell]) -> list[dict[str, Cell]]:
    """Return equal shares of what is `waiting`, one for each thread of the job."""
    named = list(waiting.items())
    n_shares = min(len(named), torch.get_num_threads())
    return [dict(named[number::n_shares]) for number in range(n_shares)]


def train(
    read: Callable[[], Development],
    recipe: Recipe,
    folder: Path,
    share: dict[str, Cell],
    alone: bool = False,
) -> None:
    """Train the classifiers of a `share`, and keep each in `folder` when it is done.

    Those that a GPU has not enough memory for are left, unless it works `alone` there.
    """
    given = read()
    for name, cell in share.items():
        try:
            _keep(trained(cell, name, given, recipe), folder / name)
        except torch.OutOfMemoryError:
            if alone:
                raise
            log.warning("draw %d: too little memory beside others", cell.number)


def name_of(cell: Cell, identity: str) -> str:
    """Return a digest of all that decides the classifier of a cell."""
    patients = sorted(map(str, cell.drawn["patient_id"]))
    return provenance.digest(identity, cell.number, patients)


def published(
    earlier: list[Path], asked: dict[str, Cell]
) -> Iterator[tuple[str, Done]]:
    """Yield those of the cells that are `asked` for that were published `earlier`."""
    if not earlier:
        return
    classifiers, selection = earlier
    try:
        table = SELECTION.read(selection)
    except InputError:  # of a version that had other columns
        return
    weights = dict(cells.read(classifiers)) if table["cell"].isin(asked).any() else {}
    for name, cell in asked.items():
        tried = table[table["cell"] == name]
        if len(tried) and cell.number in weights:
            yield (
                name,
                Done(number=cell.number, weights=weights[cell.number], tried=tried),
            )


def finished(folder: Path, asked: dict[str, Cell]) -> Iterator[tuple[str, Done]]:
    """Yield those of the cells that are `asked` for that a killed job has finished."""
    for name, cell in asked.items():
        if (folder / f"{name}.parquet").is_file():
            yield (
                name,
                Done(
                    number=cell.number,
                    weights=load_file(folder / f"{name}.safetensors"),
                    tried=SELECTION.read(folder / f"{name}.parquet"),
                ),
            )


def trained(cell: Cell, name: str, given: Development, recipe: Recipe) -> Done:
    """Return the classifier of a cell, from the first step on."""
    problem = problem_of(given, cell.drawn, recipe)
    seed = recipe.seed + cell.number
    fitted = protocols.load(recipe.protocol).fit(problem, recipe.options, seed)
    log.info("draw %d: %s", cell.number, [t for t in fitted.tried if t.chosen])
    return cells.done(cell, problem, fitted, name)


def _keep(cell: Done, place: Path) -> None:
    """Keep a finished classifier in the workspace."""
    save_file(cell.weights, place.with_suffix(".safetensors"))
    partial = place.with_suffix(".partial")
    SELECTION.write(cell.tried, partial)
    partial.replace(place.with_suffix(".parquet"))  # says that the draw is done


if __name__ == "__main__":
    entry.run(main)

"""Cells: the classifier of one draw at one budget, and what was tried to find it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from workflow_scripts.core.tables.finetune import SELECTION
from workflow_scripts.core.tables.prepare import DRAWS
from workflow_scripts.finetune.protocols import Fitted, Problem

Weights = dict[str, NDArray[Any]]


@dataclass(kw_only=True)
class Cell:
    """One draw of one budget."""

    number: int  # of the draw
    drawn: pd.DataFrame  # its rows of DRAWS


@dataclass(kw_only=True)
class Done:
    """The classifier of a cell."""

    number: int  # of the draw
    weights: Weights
    tried: pd.DataFrame  # its rows of SELECTION


def cells_of(draw: Path) -> list[Cell]:
    """Return the draws of one budget."""
    by_draw = DRAWS.read(draw).groupby("draw")
    return [Cell(number=int(str(number)), drawn=drawn) for number, drawn in by_draw]


def done(cell: Cell, problem: Problem, fitted: Fitted, name: str | None) -> Done:
    """Return what came of a `cell`; its `name` goes into the table."""
    table = pd.DataFrame([vars(tried) for tried in fitted.tried]).assign(
        budget=cell.drawn["budget"].iloc[0],
        draw=cell.number,
        cell=name,
        chosen_by="folds" if problem.folds else "validation",
        n_labels=len(problem.labelled),
        n_choosing=len(problem.validation),
        n_patients=len(cell.drawn),
    )
    weights = {key: np.ascontiguousarray(v) for key, v in fitted.weights.items()}
    return Done(number=cell.number, weights=weights, tried=SELECTION.check(table))


def write(cells: Sequence[Done], classifiers: Path, selection: Path) -> None:
    """Write the `cells` of one budget."""
    weights = {
        f"draw-{cell.number}/{key}": value
        for cell in cells
        for key, value in cell.weights.items()
    }
    save_file(weights, classifiers)
    tried = pd.concat([cell.tried for cell in cells], ignore_index=True)
    SELECTION.write(tried, selection)


def read(classifiers: Path) -> Iterator[tuple[int, Weights]]:
    """Yield the number and the weights of the classifier of every draw."""
    by_draw: dict[int, Weights] = {}
    for key, value in load_file(classifiers).items():
        draw, _, name = key.partition("/")
        by_draw.setdefault(int(draw.removeprefix("draw-")), {})[name] = value
    yield from sorted(by_draw.items())

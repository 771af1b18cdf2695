"""Train the classifiers of one cell: one for each draw of one budget."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Identity, Input, Inputs, Output
from workflow_scripts.core.tables.finetune import SELECTION
from workflow_scripts.core.tables.prepare import DRAWS
from workflow_scripts.core.workspace import workspace
from workflow_scripts.finetune import problems, protocols
from workflow_scripts.finetune.problems import Recipe, problem_of
from workflow_scripts.finetune.protocols import Fitted, Problem

log = logging.getLogger(__name__)


def main(
    *,
    encoder: Input,
    card: Input,
    features: Input,
    development: Input,
    draw: Input,
    stores: Inputs,
    masks: Inputs,
    rows: Input,
    recipe: Recipe,
    identity: Identity,
    classifiers: Output,
    selection: Output,
) -> None:
    """Learn from the drawn patients' labels; a killed job keeps its finished draws."""
    files = encoder, card, features
    given = problems.development(development, files, stores, masks, rows, recipe)
    weights: dict[str, NDArray[Any]] = {}
    tried = []
    with workspace(identity) as folder:
        draws = {
            folder / f"draw-{number}": (problem_of(given, drawn, recipe), drawn)
            for number, drawn in DRAWS.read(draw).groupby("draw")
        }
        fit_what_waits(draws, recipe)
        for done in draws:
            fitted = load_file(done.with_suffix(".safetensors"))
            weights |= {f"{done.name}/{key}": value for key, value in fitted.items()}
            tried.append(SELECTION.read(done.with_suffix(".parquet")))
        save_file(weights, classifiers)
        SELECTION.write(pd.concat(tried, ignore_index=True), selection)


def fit_what_waits(
    draws: dict[Path, tuple[Problem, pd.DataFrame]], recipe: Recipe
) -> None:
    """Train the classifiers that are not kept in the workspace yet, and keep them.

    A protocol that can solves them together; see `protocols`.
    """
    waiting = {
        done: draw
        for done, draw in draws.items()
        if not done.with_suffix(".parquet").is_file()
    }
    module = protocols.load(recipe.protocol)
    if hasattr(module, "fit_each") and waiting:
        problems = [problem for problem, _ in waiting.values()]
        fits = module.fit_each(problems, recipe.options)
    else:
        fits = (
            module.fit(
                problem, recipe.options, recipe.seed + int(drawn["draw"].iloc[0])
            )
            for problem, drawn in waiting.values()
        )
    for (done, (problem, drawn)), fitted in zip(waiting.items(), fits, strict=True):
        _keep(problem, drawn, fitted, done)


def _keep(problem: Problem, drawn: pd.DataFrame, fitted: Fitted, done: Path) -> None:
    """Keep the classifier of one draw in the workspace."""
    number = int(drawn["draw"].iloc[0])
    log.info("draw %d: %s", number, [t for t in fitted.tried if t.chosen])
    table = pd.DataFrame([vars(tried) for tried in fitted.tried]).assign(
        budget=drawn["budget"].iloc[0],
        draw=number,
        chosen_by="folds" if problem.folds else "validation",
        n_labels=len(problem.labelled),
        n_choosing=len(problem.validation),
        n_patients=len(drawn),
    )
    weights = {k: np.ascontiguousarray(v) for k, v in fitted.weights.items()}
    save_file(weights, done.with_suffix(".safetensors"))
    partial = done.with_suffix(".partial")
    SELECTION.write(table, partial)
    partial.replace(done.with_suffix(".parquet"))  # says that the draw is done


if __name__ == "__main__":
    entry.run(main)

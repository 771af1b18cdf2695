"""Solve the classifiers of all budgets and draws at once, where that is cheaper.

For protocols with `fit_each`, whose work is shorter than the start of a program.
"""

import logging
from itertools import islice

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Inputs, Outputs
from workflow_scripts.finetune import cells, problems, protocols
from workflow_scripts.finetune.problems import Recipe, problem_of

log = logging.getLogger(__name__)


def main(
    *,
    encoder: Input,
    card: Input,
    features: Input,
    development: Input,
    draws: Inputs,
    stores: Inputs,
    masks: Inputs,
    rows: Input,
    recipe: Recipe,
    classifiers: Outputs,
    selections: Outputs,
) -> None:
    """Learn from the drawn patients' labels: one file of each kind for each budget."""
    files = encoder, card, features
    given = problems.development(development, files, stores, masks, rows, recipe)
    budgets = [cells.cells_of(path) for path in draws]
    asked = [cell for budget in budgets for cell in budget]
    each = [problem_of(given, cell.drawn, recipe) for cell in asked]
    fits = protocols.load(recipe.protocol).fit_each(each, recipe.options)
    found = (
        cells.done(cell, problem, fitted, None)
        for cell, problem, fitted in zip(asked, each, fits, strict=True)
    )
    written = zip(budgets, classifiers, selections, strict=True)
    for budget, weights, selection in written:
        done = list(islice(found, len(budget)))
        cells.write(done, weights, selection)
        log.info("%s: %d draws", budget[0].drawn["budget"].iloc[0], len(done))


if __name__ == "__main__":
    entry.run(main)

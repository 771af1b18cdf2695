"""Join the draws of all budgets, and see that they are nested.

Shares and counts are, as each takes the first of one order; and budgets per class are
among themselves. The first 20 patients need not hold the first 8 of each class, nor
the other way round.
"""

from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Inputs, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.prepare import DRAWS, PER_CLASS


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Nothing to choose."""


def main(*, parts: Inputs, recipe: Recipe, draws: Output) -> None:
    """Read the `parts`, one for each budget, and write all `draws`."""
    joined = pd.concat([DRAWS.read(part) for part in parts], ignore_index=True)
    refuse_unnested(joined)
    DRAWS.write(joined, draws)


def refuse_unnested(draws: pd.DataFrame) -> None:
    """Refuse draws whose smaller budget is not inside the next larger of its family.

    Raises:
        InputError: naming the budgets.
    """
    families = draws["budget"].str.endswith(PER_CLASS)
    for (number, _), of_draw in draws.groupby(["draw", families]):
        sets = {
            str(b): set(rows["patient_id"]) for b, rows in of_draw.groupby("budget")
        }
        by_size = sorted(sets, key=lambda budget: len(sets[budget]))
        for smaller, larger in pairwise(by_size):
            if not sets[smaller] <= sets[larger]:
                raise InputError(f"draw {number}: {smaller} is not inside {larger}")


if __name__ == "__main__":
    entry.run(main)

"""Compare the lung finder with drawn lungs that it has not learnt from."""

import logging
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Inputs, Output
from workflow_scripts.core.tables.prepare_pixels import DICE
from workflow_scripts.prepare import finders, lung_drawn
from workflow_scripts.prepare.finders import Finder, Squares
from workflow_scripts.prepare.lung_drawn import Drawn
from workflow_scripts.prepare.lung_quality import dice as agreement

PERCENTILES = (2.5, 97.5)
BATCH = 256

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Which finder is checked, and on whose lungs (config.yaml: ``prepare.lungs``)."""

    finder: str
    datasets: list[str]  # that the examples come from, in the order of the files
    taught_by: list[str]  # of them: those that taught the finder in this run
    bootstrap: int  # resamples of the patients
    seed: int


def main(
    *, weights: Inputs, examples: Inputs, listed: Inputs, recipe: Recipe, dice: Output
) -> None:
    """Find the lungs of the `examples` that did not teach, write the `dice`."""
    finder = finders.ready(recipe.finder, weights[0] if weights else None)
    drawn = lung_drawn.read(examples, listed, recipe.datasets)
    rows = checked(finder, unlearnt(drawn, recipe.taught_by), recipe)
    for row in rows:
        log.info(
            "%(dataset)s: Dice %(dice).4f [%(low).4f, %(high).4f], "
            "%(n_images)d images of %(n_patients)d patients",
            row,
        )
    frame = pd.DataFrame(rows, columns=list(DICE.columns))
    DICE.write(frame, dice)


def unlearnt(drawn: Drawn, taught_by: list[str]) -> Drawn:
    """Return those of whose patients the finder has learnt nothing.

    Validation patients said when to stop, so it is fitted to them as well. Who taught
    in one dataset is left out of the others too.
    """
    listed = drawn.listed
    learnt = listed["dataset"].isin(taught_by) & (listed["part"] != "test")
    told = listed["patient_id"] != listed["image_id"]  # else nobody tells whose it is
    taught = listed.loc[learnt & told, "patient_id"]
    kept = ~learnt & ~(told & listed["patient_id"].isin(taught))
    return replace(drawn, listed=listed[kept].reset_index(drop=True))


def checked(finder: Finder, drawn: Drawn, recipe: Recipe) -> list[dict[str, object]]:
    """Return one row of the table for each dataset in `drawn`."""
    scores = drawn.listed.assign(dice=_scores(finder, drawn))
    return [
        {
            "dataset": dataset,
            "n_images": len(here),
            "n_patients": here["patient_id"].nunique(),
            **dict(zip(("dice", "low", "high"), interval(here, recipe), strict=True)),
        }
        for dataset, here in scores.groupby("dataset", sort=False)
    ]


def _scores(finder: Finder, drawn: Drawn) -> NDArray[np.float64]:
    scores = np.empty(len(drawn.listed))
    for first in range(0, len(scores), BATCH):
        batch = drawn.gather(np.arange(first, min(first + BATCH, len(scores))))
        lungs, known = batch[:, 1] > 0, np.ones(len(batch), bool)
        found = finder(Squares(pictures=batch[:, 0], drawn=lungs, known=known))
        scores[first : first + BATCH] = agreement(found.lungs, lungs)
    return scores


def interval(scores: pd.DataFrame, recipe: Recipe) -> tuple[float, float, float]:
    """Return the mean Dice over images, and its 95 % interval, patients resampled.

    Args:
        scores: one row for each image, columns `patient_id` and `dice`.
        recipe: number of resamples, and seed.
    """
    sums = scores.groupby("patient_id")["dice"].agg(["sum", "size"]).to_numpy(float)
    stream = np.random.default_rng([recipe.seed, len(sums)])
    taken = stream.integers(0, len(sums), (recipe.bootstrap, len(sums)))
    totals = sums[taken].sum(1)
    low, high = np.percentile(totals[:, 0] / totals[:, 1], PERCENTILES)
    return float(scores["dice"].mean()), float(low), float(high)


if __name__ == "__main__":
    entry.run(main)

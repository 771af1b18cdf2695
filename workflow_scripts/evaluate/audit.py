"""See how far trivial models get on what should not tell.

A task that a picture's border solves is not solved by reading lungs. Each shortcut is
learnt with all labels of the training split, and measured like every encoder: on the
same test images, patients resampled in the same way. Development images are scored
too, each by a model that its patient has not taught, because a publisher's test images
may come from elsewhere.
"""

import logging
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.store import by_dataset
from workflow_scripts.core.tables.evaluate import SHORTCUTS
from workflow_scripts.core.tables.prepare import LEAKAGE, TARGETS
from workflow_scripts.evaluate import shortcuts as family
from workflow_scripts.evaluate.cohort import Cohort, Fit, Floats
from workflow_scripts.evaluate.measure import Tested, describe, measure
from workflow_scripts.evaluate.shown import Place, look
from workflow_scripts.evaluate.statistics.auroc import auroc
from workflow_scripts.evaluate.trivial import Problem, scored
from workflow_scripts.evaluate.walls import refuse_leaks

PARTS = ("development", "test")
KEY = ["dataset", "image_id"]
ONCE = Fit(budget="all", draw=0)  # all labels: there is nothing to draw
UNCERTAIN = 0.5  # a target of the training split; it teaches no trivial model

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Which shortcuts are tried on what, and the resampling."""

    shortcuts: list[str]
    datasets: list[str]  # in the order of the images and rows
    findings: list[str]
    size_px: int
    bootstrap: int  # resamples
    seed: int


def main(
    *,
    leakage: Input,
    development: Input,
    test: Input,
    images: Inputs,
    rows: Inputs,
    stores: Inputs,
    lungs: Inputs,
    recipe: Recipe,
    shortcuts: Output,
) -> None:
    """Write what each of the recipe's `shortcuts` reaches."""
    refuse_leaks(LEAKAGE.read(leakage))
    targets = pd.concat([TARGETS.read(development), TARGETS.read(test)])
    places = _places(recipe, images, rows, stores, lungs)
    SHORTCUTS.write(audited(targets, places, recipe), shortcuts)


def _places(
    recipe: Recipe,
    images: list[Path],
    rows: list[Path],
    stores: list[Path],
    lungs: list[Path],
) -> dict[str, Place]:
    of_stores, of_lungs = by_dataset(stores), by_dataset(lungs)
    tables = zip(recipe.datasets, images, rows, strict=True)
    return {
        name: Place(
            images=image, rows=row, stores=of_stores[name], lungs=of_lungs[name]
        )
        for name, image, row in tables
    }


def audited(
    targets: pd.DataFrame, places: dict[str, Place], recipe: Recipe
) -> pd.DataFrame:
    """Return the table of shortcuts.

    Args:
        targets: of development and of test.
        places: of each dataset in `targets`.
        recipe: see there.
    """
    if not recipe.shortcuts:
        return SHORTCUTS.empty()
    findings = tuple(sorted(recipe.findings))
    listed, problem = asked(targets, findings)
    shown = look(listed, places, recipe.size_px)
    scores = {
        name: scored(family.load(name), shown, problem, recipe.seed)
        for name in recipe.shortcuts
    }
    found = []
    for dataset, split in product(recipe.datasets, PARTS):
        tested = (problem.splits == "test") == (split == "test")
        here = np.flatnonzero((listed["dataset"] == dataset).to_numpy() & tested)
        if len(here):
            cohort = Cohort(
                image_ids=listed["image_id"].to_numpy(object)[here],
                patients=np.unique(problem.patients[here], return_inverse=True)[1],
                findings=findings,
                targets=problem.targets[here],
            )
            said = {name: every[here] for name, every in scores.items()}
            found.append(measured(dataset, split, cohort, said, recipe))
    return SHORTCUTS.check(pd.concat(found))


def asked(
    targets: pd.DataFrame, findings: tuple[str, ...]
) -> tuple[pd.DataFrame, Problem]:
    """Return each image of `targets` once, in order, and what is asked of it.

    Within a dataset the order is that of `read_cohort`, so that the same patients are
    drawn here as for every encoder.
    """
    listed = targets[[*KEY, "patient_id", "split"]].drop_duplicates(KEY)
    listed = listed.sort_values(KEY).reset_index(drop=True)
    of_images, of_targets = (
        pd.MultiIndex.from_frame(t[KEY]) for t in (listed, targets)
    )
    image = of_images.get_indexer(of_targets)
    finding = pd.Index(findings).get_indexer(pd.Index(targets["finding"]))
    wide = np.full((len(listed), len(findings)), np.nan)
    sure = targets["target"].where(targets["target"] != UNCERTAIN)
    wide[image, finding] = sure
    problem = Problem(
        patients=np.unique(listed["patient_id"], return_inverse=True)[1],
        splits=listed["split"].to_numpy(object),
        targets=wide,
    )
    return listed, problem


def measured(
    dataset: str, split: str, cohort: Cohort, scores: dict[str, Floats], recipe: Recipe
) -> pd.DataFrame:
    """Return the rows of one part of one dataset, for every shortcut.

    Images that no model could score are left out, as if their target were unknown.
    """
    unscored = np.any([np.isnan(said) for said in scores.values()], axis=0)
    cohort = replace(cohort, targets=np.where(unscored, np.nan, cohort.targets))
    name = dataset if split == "test" else f"{dataset} development"
    tested = Tested.resampled(name, cohort, recipe.bootstrap, recipe.seed)
    tables = []
    for shortcut, said in scores.items():
        values = measure(tested, [said], {"auroc": auroc}, recipe.seed)
        where = {"shortcut": shortcut, "split": split, "dataset": dataset}
        found = pd.DataFrame(describe(tested, [ONCE], values[:1], ["auroc"]))
        found["n_images"] = found["n_positive"] + found["n_negative"]
        found = found.rename(columns={"value": "auroc"}).assign(**where)
        tables.append(found[list(SHORTCUTS.columns)])
        macro = found["auroc"].iloc[-1]
        log.info("%s, %s, %s: AUROC %.3f", shortcut, dataset, split, macro)
    return pd.concat(tables)


if __name__ == "__main__":
    entry.run(main)

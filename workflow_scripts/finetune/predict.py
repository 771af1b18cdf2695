"""Score every test image with every classifier: the one step that reads them."""

import logging
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.progress import progress
from workflow_scripts.core.tables.finetune import PREDICTIONS
from workflow_scripts.core.tables.prepare import TARGETS, budget_of
from workflow_scripts.finetune import cells, kinds, protocols
from workflow_scripts.finetune.aligned import (
    KEY,
    images_of,
    masks_of,
    pixels_of,
    places_of,
)
from workflow_scripts.finetune.protocols import Asked, Images

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The names that go with the files, in their order."""

    protocol: str
    kind: str
    budgets: list[str]
    findings: list[str]
    datasets: list[str]
    size_px: int


def main(
    *,
    encoder: Input,
    card: Input,
    features: Input,
    test: Input,
    stores: Inputs,
    masks: Inputs,
    rows: Inputs,
    classifiers: Inputs,
    recipe: Recipe,
    predictions: Output,
) -> None:
    """Apply all `classifiers` to the internal and external test images, unadapted."""
    targets = TARGETS.read(test)
    known = images_of(targets)
    places = places_of(recipe.datasets, stores, rows)
    drawn = places_of(recipe.datasets, masks, rows)
    images = Images(
        features=np.load(features, allow_pickle=False),
        read_pixels=partial(pixels_of, known, places, recipe.size_px),
        read_masks=partial(masks_of, known, drawn, recipe.size_px),
        encoder=encoder,
        card=card,
    )
    asked = Asked(kind=kinds.load(recipe.kind), findings=recipe.findings)
    answers = images.masks if asked.kind.PIXELS else np.empty(0)
    score = protocols.load(recipe.protocol).score
    parts = []
    budgets = list(zip(recipe.budgets, classifiers, strict=True))
    for budget, file in progress(budgets, total=len(budgets), what="budgets"):
        for number, weights in cells.read(file):
            said = asked.kind.scored(score(weights, images, asked), answers)
            wide = pd.DataFrame(said, columns=recipe.findings)
            long = pd.concat([known[KEY], wide], axis=1).melt(
                KEY, var_name="finding", value_name="score"
            )
            shown = budget_of(budget)
            parts.append(long.assign(budget=shown, draw=number))
    scored = pd.concat(parts, ignore_index=True)
    joined = scored.merge(targets, on=[*KEY, "finding"], validate="many_to_one")
    PREDICTIONS.write(joined, predictions)


if __name__ == "__main__":
    entry.run(main)

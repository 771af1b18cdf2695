"""Say what a task asks of each image: of those to learn from, or of those to test."""

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Inputs, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.ingest import IMAGES, LABELS
from workflow_scripts.core.tables.prepare import SPLITS, TARGETS

UNCERTAIN = -1
PARTS = {"development": ("train", "validation"), "test": ("test",)}
POLICIES = {"ignore": np.nan, "positive": 1.0, "negative": 0.0}

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a task asks (config.yaml: ``tasks``)."""

    datasets: list[str]  # trained on first, then external ones; as the files
    findings: list[str]
    uncertain: str  # ignore, positive or negative


def main(
    *,
    images: Inputs,
    labels: Inputs,
    splits: Inputs,
    part: str,
    recipe: Recipe,
    targets: Output,
) -> None:
    """Join `images`, `labels` and `splits`; write the `targets` of one part.

    The part is `development` (train and validation, to learn and to choose from) or
    `test`.
    """
    found = []
    tables = zip(recipe.datasets, images, labels, splits, strict=True)
    for name, image, label, split in tables:
        said = LABELS.read(label)
        if said.empty:
            raise InputError(f"dataset {name!r}: none of its images is labelled")
        asked = asked_of(IMAGES.read(image), said, recipe)
        joined = asked.merge(SPLITS.read(split), on="image_id", validate="many_to_one")
        found.append(joined.assign(dataset=name))
    every = pd.concat(found, ignore_index=True)
    wanted = every[every["split"].isin(PARTS[part])]
    _refuse_one_sided(wanted, recipe, PARTS[part])
    log.info("%s images: %d", part, wanted["image_id"].nunique())
    TARGETS.write(wanted, targets)


def asked_of(
    images: pd.DataFrame, labels: pd.DataFrame, recipe: Recipe
) -> pd.DataFrame:
    """Return a target for each finding of each image that has any known target.

    Returns:
        Columns image_id, patient_id, finding, target (1, 0, NaN unknown).
    """
    told = labels.assign(target=settled(labels["value"], recipe.uncertain))
    wide = told.pivot_table(
        index="image_id", columns="finding", values="target", dropna=False
    )
    wide = wide.reindex(columns=recipe.findings).dropna(how="all")
    long = wide.reset_index().melt("image_id", var_name="finding", value_name="target")
    owner = images[["image_id", "patient_id"]]
    return long.merge(owner, on="image_id", validate="many_to_one")


def settled(values: pd.Series, uncertain: str) -> pd.Series:
    """Return targets: 1 present, 0 absent, NaN unknown.

    This is the one place where the policy for uncertain labels is applied.

    Args:
        values: of labels; -1 where uncertain.
        uncertain: ignore, positive or negative.
    """
    return values.where(values != UNCERTAIN, POLICIES[uncertain])


def _refuse_one_sided(
    targets: pd.DataFrame, recipe: Recipe, splits: tuple[str, ...]
) -> None:
    """Refuse a finding that some part of the data cannot teach or test."""
    own = targets[targets["dataset"] == recipe.datasets[0]]
    for finding in recipe.findings:
        here = own[own["finding"] == finding]
        for split in splits:
            known = here[here["split"] == split]["target"].dropna()
            if known.nunique() < 2:
                counts = f"{int(known.sum())} of {len(known)} known are present"
                raise InputError(
                    f"finding {finding!r} of dataset {recipe.datasets[0]!r}: {counts} "
                    f"in the {split} split; both present and absent are needed"
                )


if __name__ == "__main__":
    entry.run(main)

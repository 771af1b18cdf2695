"""Say what a task asks of each image: of those to learn from, or of those to test.

Labels are turned into targets here and nowhere else: what uncertain counts as, which of
several classes an image shows, and which levels it reaches.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Inputs, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.store import by_dataset
from workflow_scripts.core.tables.ingest import IMAGES, LABELS
from workflow_scripts.core.tables.prepare import SPLITS, TARGETS
from workflow_scripts.core.tables.prepare_pixels import DRAWN

UNCERTAIN = -1
SOFT = 0.5
PARTS = {"development": ("train", "validation"), "test": ("test",)}
POLICIES = {"ignore": np.nan, "positive": 1.0, "negative": 0.0, "soft": SOFT}

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a task asks (config.yaml: ``tasks``)."""

    datasets: list[str]  # trained on first, then external ones; as the files
    kind: str  # multilabel, multiclass, ordinal or segmentation
    findings: list[str]  # of an ordinal task its levels, rising
    answered: list[str]  # those that get a target: of levels all but the first
    uncertain: str  # ignore, positive, negative or soft


def main(
    *,
    images: Inputs,
    labels: Inputs,
    drawn: Inputs,
    splits: Inputs,
    part: str,
    recipe: Recipe,
    targets: Output,
) -> None:
    """Join `images`, `labels` and `splits`; write the `targets` of one part.

    The part is `development` (train and validation, to learn and to choose from) or
    `test`. Of a segmentation the tables of what was `drawn` stand for the labels.
    """
    found = []
    masks = by_dataset(drawn)
    tables = zip(recipe.datasets, images, labels, splits, strict=True)
    for name, image, label, split in tables:
        parts = SPLITS.read(split)
        parts = parts[parts["split"].isin(PARTS[part])]
        here = IMAGES.read(image)[["image_id", "patient_id", "file_id"]]
        here = here.merge(parts, on="image_id", validate="one_to_one")
        if recipe.kind == "segmentation":
            asked = drawn_in(here, masks.get(name, []), recipe)
        else:
            said = LABELS.read(label)
            if said.empty:
                raise InputError(f"dataset {name!r}: none of its images is labelled")
            asked = asked_of(here, said, recipe)
        found.append(asked.assign(dataset=name))
    wanted = pd.concat(found, ignore_index=True)
    _refuse_one_sided(wanted, recipe, PARTS[part])
    log.info("%s images: %d", part, wanted["image_id"].nunique())
    TARGETS.write(wanted, targets)


def drawn_in(images: pd.DataFrame, tables: list[Path], recipe: Recipe) -> pd.DataFrame:
    """Return the images in which something was drawn, as `asked_of` returns targets.

    Args:
        images: image_id, patient_id, file_id, split.
        tables: of what was drawn, one for each shard.
        recipe: of the run, with one finding.
    """
    every = pd.concat([DRAWN.empty(), *(DRAWN.read(table) for table in tables)])
    told = every.loc[every["drawn"].astype(bool), "file_id"]
    (finding,) = recipe.answered
    listed = images.loc[images["file_id"].isin(told)].drop(columns="file_id")
    return listed.sort_values("image_id").assign(finding=finding, target=1.0)


def asked_of(
    images: pd.DataFrame, labels: pd.DataFrame, recipe: Recipe
) -> pd.DataFrame:
    """Return a target for each finding of each image that has any known target.

    Args:
        images: image_id, patient_id, split.
        labels: image_id, finding, value (1, 0, -1 uncertain, NaN unknown), long.
        recipe: of the run.

    Returns:
        Columns image_id, patient_id, split, finding, target: 1, 0, 0.5 uncertain (only
        in the training split), NaN unknown.
    """
    owner = images[["image_id", "patient_id", "split"]]
    told = labels.assign(target=settled(labels["value"], recipe.uncertain))
    wide = told.pivot_table(
        index="image_id", columns="finding", values="target", dropna=False
    )
    wide = wide.reindex(columns=recipe.findings)
    split = owner.set_index("image_id")["split"].reindex(wide.index)
    wide, split = wide[split.notna()], split.dropna()
    judging = (split != "train").to_numpy(bool)[:, None]  # by a yes or a no
    wide = wide.mask((wide == SOFT).to_numpy(bool) & judging)
    if recipe.kind in ("multiclass", "ordinal"):
        wide = one_of(wide)
    if recipe.kind == "ordinal":
        wide = at_least(wide)
    wide = wide[recipe.answered].dropna(how="all")
    long = wide.reset_index().melt("image_id", var_name="finding", value_name="target")
    return long.merge(owner, on="image_id", validate="many_to_one")


def settled(values: pd.Series, uncertain: str) -> pd.Series:
    """Return targets: 1 present, 0 absent, 0.5 uncertain, NaN unknown.

    This is the one place where the policy for uncertain labels is applied.

    Args:
        values: of labels; -1 where uncertain.
        uncertain: ignore, positive, negative or soft.
    """
    return values.where(values != UNCERTAIN, POLICIES[uncertain])


def one_of(wide: pd.DataFrame) -> pd.DataFrame:
    """Return 1 for the one class that an image shows, and 0 for the others.

    What nobody says of the others follows from the one. An image that shows none of
    the classes, or several, is left out, and counted in the log.

    Args:
        wide: targets, a row for each image and a column for each class.
    """
    present = wide == 1
    n_classes = present.sum(axis=1)
    if n_unclear := int((n_classes != 1).sum()):
        none, several = int((n_classes == 0).sum()), int((n_classes > 1).sum())
        log.warning(
            "%d of %d images are left out: %d show none of %s for sure, %d several",
            *(n_unclear, len(wide), none, ", ".join(wide.columns), several),
        )
    return present[n_classes == 1].astype(float)


def at_least(levels: pd.DataFrame) -> pd.DataFrame:
    """Return 1 for each level that an image reaches, and 0 for those above.

    Args:
        levels: 1 for the level of each image, else 0; columns in rising order.
    """
    return levels.iloc[:, ::-1].cumsum(axis=1).iloc[:, ::-1]


def _refuse_one_sided(
    targets: pd.DataFrame, recipe: Recipe, splits: tuple[str, ...]
) -> None:
    """Refuse a finding that some part of the data cannot teach or test."""
    name = recipe.datasets[0]
    own = targets[targets["dataset"] == name]
    for finding in recipe.answered:
        here = own[own["finding"] == finding]
        shown = f"at least {finding}" if recipe.kind == "ordinal" else finding
        for split in splits:
            of_split = here.loc[here["split"] == split, "target"]
            if recipe.kind == "segmentation":
                if of_split.empty:
                    raise InputError(
                        f"finding {shown!r} of dataset {name!r}: it is drawn in no "
                        f"image of the {split} split"
                    )
                continue
            known = of_split[of_split.isin((0, 1))]
            if known.nunique() < 2:
                counts = f"{int(known.sum())} of {len(known)} known are present"
                raise InputError(
                    f"finding {shown!r} of dataset {name!r}: {counts} "
                    f"in the {split} split; both present and absent are needed"
                )


if __name__ == "__main__":
    entry.run(main)

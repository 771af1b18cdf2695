"""Set pictures with drawn lungs aside, to teach and to test the lung finder."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.progress import progress
from workflow_scripts.core.tables.ingest import IMAGES, NO_MASK, PIXELS
from workflow_scripts.core.tables.prepare import SPLITS
from workflow_scripts.core.tables.prepare_pixels import EXAMPLES
from workflow_scripts.prepare.chance import chance
from workflow_scripts.prepare.finders import SIDE
from workflow_scripts.prepare.meetings import known
from workflow_scripts.prepare.pictures import Picture, mapped
from workflow_scripts.prepare.resize import squared

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Which pictures teach, and which test (config.yaml: ``prepare.lungs``)."""

    examples: int  # at most
    validation_share: float  # of the patients with drawn lungs
    test_share: float
    seed: int


def main(
    *,
    index: Input,
    images: Input,
    splits: Input,
    wall_images: Inputs,
    wall_splits: Inputs,
    pixels: Inputs,
    lung_masks: Inputs,
    recipe: Recipe,
    examples: Output,
    listed: Output,
) -> None:
    """Read pictures and drawn lungs, write `examples` and the table that lists them.

    The walls are the tested datasets of the same site, perhaps this one among them: a
    patient whom any of them tests is here to test as well.
    """
    masks = {int(path.stem): mapped(path) for path in lung_masks}
    pictures = {int(path.stem): mapped(path) for path in pixels}
    owners = IMAGES.read(images)[["image_id", "patient_id"]]
    owners = owners.merge(SPLITS.read(splits), on="image_id", validate="one_to_one")
    walls = known([str(path) for path in wall_images], wall_images, wall_splits)
    owners = walled(owners, walls)
    table = with_lungs(PIXELS.read(index), masks).merge(owners, on="image_id")
    chosen = parted(some(table, recipe), recipe)
    with examples.open("wb") as file:
        pairs = _pairs(chosen, pictures, masks)
        for pair in progress(pairs, total=len(chosen), what="examples"):
            file.write(pair.tobytes())
    log.info("examples: %s", chosen["part"].value_counts().to_dict())
    kept = chosen[["image_id", "patient_id", "part"]]
    EXAMPLES.write(kept.assign(row=np.arange(len(kept))), listed)


def walled(owners: pd.DataFrame, walls: pd.DataFrame) -> pd.DataFrame:
    """Return `owners` with all images of a tested patient in the test split.

    Args:
        owners: patient_id and split of all images of the dataset.
        walls: the same of the tested datasets of its site, patient_id missing where
            nobody tells.
    """
    tested = {
        patient
        for table in (owners, walls)
        for patient in table.loc[table["split"] == "test", "patient_id"].dropna()
    }
    is_tested = owners["patient_id"].isin(tested)
    return owners.assign(split=owners["split"].mask(is_tested, "test"))


def with_lungs(listed: pd.DataFrame, masks: dict[int, Picture]) -> pd.DataFrame:
    """Return the rows of `listed` whose lungs somebody drew.

    Of each picture's mask the first byte alone is read: it says whether there is one.

    Args:
        listed: the pixels table.
        masks: the drawn lungs of each shard; empty where nobody drew any in it.
    """
    places = zip(listed["shard"], listed["offset"], strict=True)
    drawn = [
        bool(len(masks[shard])) and masks[shard][offset] != NO_MASK
        for shard, offset in places
    ]
    return listed[np.array(drawn, bool)]


def some(table: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    """Return at most as many rows as asked, patients whole, drawn by chance.

    Who is drawn stays drawn when other patients come, as long as there is room.
    """
    order = [
        chance("lung examples", recipe.seed, patient) for patient in table["patient_id"]
    ]
    table = table.assign(order=order).sort_values(["order", "patient_id", "image_id"])
    images = table.groupby(["order", "patient_id"], sort=True).size().cumsum()
    n_kept = int((images <= recipe.examples).sum())
    kept = images.index.get_level_values("patient_id")[:n_kept]
    return table[table["patient_id"].isin(set(kept))].drop(columns="order")


def parted(table: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    """Return `table` with the part of each row; a patient is in one part only.

    Who is in the test split tests here too: a finder that had learnt from their lungs
    would crop them better than it crops those of a new patient.
    """
    tested = set(table.loc[table["split"] == "test", "patient_id"])
    parts = {
        patient: "test" if patient in tested else _drawn(patient, recipe)
        for patient in table["patient_id"].unique()
    }
    return table.assign(part=table["patient_id"].map(parts).astype("string"))


def _drawn(patient: str, recipe: Recipe) -> str:
    value = chance("lungs", recipe.seed, patient)
    if value < recipe.test_share:
        return "test"
    held = recipe.test_share + recipe.validation_share
    return "validation" if value < held else "train"


def _pairs(
    chosen: pd.DataFrame, pictures: dict[int, Picture], masks: dict[int, Picture]
) -> Iterator[Picture]:
    """Yield picture and lungs of each row, shape (2, SIDE, SIDE)."""
    places = chosen[["shard", "offset", "rows", "columns"]].to_numpy(np.int64)
    for shard, offset, rows, columns in places:
        place = slice(offset, offset + rows * columns)
        shape = (rows, columns)
        yield pair(
            pictures[shard][place].reshape(shape), masks[shard][place].reshape(shape)
        )


def pair(picture: Picture, lungs: Picture) -> Picture:
    """Return picture and lungs as they lie in a file of examples.

    Args:
        picture: shape (rows, columns).
        lungs: 0 and 1, same shape.

    Returns:
        Shape (2, SIDE, SIDE); the lungs are 1 where they cover half of a pixel or more.
    """
    half = squared(lungs * np.uint8(255), SIDE) >= 128
    return np.stack([squared(picture, SIDE), half.astype(np.uint8)])


if __name__ == "__main__":
    entry.run(main)

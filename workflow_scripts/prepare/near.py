"""Find images of all datasets that show the same picture."""

import logging
from dataclasses import dataclass

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Inputs, Output
from workflow_scripts.core.tables.prepare import NEAR
from workflow_scripts.prepare.twins import read_fingerprints, same_pictures

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The names that go with the files, in their order."""

    datasets: list[str]


def main(*, fingerprints: Inputs, recipe: Recipe, near: Output) -> None:
    """Join the `fingerprints` of all datasets; write the pairs that show one picture.

    Of a pair the image that stands earlier comes first: by dataset, then by row.
    """
    images = read_fingerprints(recipe.datasets, fingerprints)
    pairs = same_pictures(images)
    log.info(
        "%d images (%d without a fingerprint): %d pairs show one picture, %d of them "
        "in two datasets",
        *(len(images), images["fingerprint"].isna().sum(), len(pairs)),
        (pairs["dataset"] != pairs["other_dataset"]).sum(),
    )
    NEAR.write(pairs, near)


if __name__ == "__main__":
    entry.run(main)

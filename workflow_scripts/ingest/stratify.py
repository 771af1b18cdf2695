"""Say which findings each patient has, for splits alike in them.

The same words as in `label`, but of the tables as they were when the images were
gathered: to edit a label must not move a patient from one split to another.
"""

from dataclasses import dataclass
from typing import Any

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.tables.ingest import IMAGES, STRATA
from workflow_scripts.ingest import described
from workflow_scripts.ingest.pseudonym import pseudonyms_of


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How the publisher's tables are understood."""

    adapter: str
    key_file: str  # "" for phantoms, whose key is public
    site: str  # ids of two sites never meet
    labels: dict[str, Any] | None
    options: dict[str, Any]  # of the adapter


def main(
    *,
    tables: Inputs,
    paths: Input,
    decoded: Inputs,
    images: Input,
    recipe: Recipe,
    strata: Output,
) -> None:
    """Read `tables` for the accepted `images`, write the `strata` of their patients."""
    files = described.joined(paths, decoded)
    pseudonyms = pseudonyms_of(recipe.key_file, recipe.site, paths.parent)
    asked = described.source(files, tables, recipe.labels, recipe.options, pseudonyms)
    said = described.said(recipe.adapter, asked)
    owner = IMAGES.read(images)[["file_id", "patient_id"]]
    present = said[said["value"] == 1].merge(owner, on="file_id")
    pairs = present[list(STRATA.key)].drop_duplicates()
    STRATA.write(pairs.sort_values(list(STRATA.key)), strata)


if __name__ == "__main__":
    entry.run(main)

"""Write what the publisher's tables say of each accepted image."""

import logging
from dataclasses import dataclass
from typing import Any

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.tables.ingest import IMAGES, LABELS
from workflow_scripts.ingest import described
from workflow_scripts.ingest.pseudonym import pseudonyms_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How the publisher's tables are understood."""

    adapter: str
    key_file: str  # "" for phantoms, whose key is public
    site: str  # ids of two sites never meet
    labels: dict[str, Any] | None
    options: dict[str, Any]  # of the adapter
    tables: str  # state of the tables: an older one put back is another one


def main(
    *,
    tables: Inputs,
    paths: Input,
    decoded: Inputs,
    images: Input,
    recipe: Recipe,
    labels: Output,
) -> None:
    """Read `tables` for the accepted `images`, write their `labels`."""
    files = described.joined(paths, decoded)
    pseudonyms = pseudonyms_of(recipe.key_file, recipe.site, paths.parent)
    asked = described.source(files, tables, recipe.labels, recipe.options, pseudonyms)
    said = described.said(recipe.adapter, asked)
    kept = IMAGES.read(images)[["file_id", "image_id"]]
    joined = said.merge(kept, on="file_id", how="inner")
    for finding, values in joined.groupby("finding")["value"]:
        counts = [int((values == value).sum()) for value in (1, 0, -1)]
        unknown = int(values.isna().sum())
        log.info(
            "%s: %d yes, %d no, %d uncertain, %d unknown", finding, *counts, unknown
        )
    LABELS.write(joined[list(LABELS.columns)].sort_values(list(LABELS.key)), labels)


if __name__ == "__main__":
    entry.run(main)

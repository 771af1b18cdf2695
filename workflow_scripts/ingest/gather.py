"""Join the shards with the label table, and account for every file."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.ingest import IMAGES, LABELS, LEDGER, PATHS, PIXELS
from workflow_scripts.ingest import datasets, identity
from workflow_scripts.ingest.datasets import FACTS, FILES, SAID, Described, Source
from workflow_scripts.ingest.decoded import DECODED
from workflow_scripts.ingest.pseudonym import Pseudonyms, read_key
from workflow_scripts.ingest.reasons import REASONS, status

NOT_PICTURES = ["not_a_file", "not_an_image", "lung_mask"]
TOLD = ["view_position", "sex", "age_years"]  # the table fills in what headers lack

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How the label table is understood."""

    adapter: str
    key_file: str  # "" for phantoms, whose key is public
    site: str  # ids of two sites never meet
    patients: str  # known or unknown
    labels: dict[str, Any] | None
    views: str  # frontal or any


def main(
    *,
    tables: Inputs,
    paths: Input,
    decoded: Inputs,
    recipe: Recipe,
    ledger: Output,
    images: Output,
    labels: Output,
    index: Output,
) -> None:
    """Join the `decoded` shards with `tables`; write the four tables of a dataset."""
    listed = PATHS.read(paths)
    shards = [DECODED.read(shard) for shard in decoded]
    files = listed.merge(pd.concat(shards, ignore_index=True), on="file_id", how="left")
    if files["status"].isna().any() or sum(map(len, shards)) != len(listed):
        raise InputError("ingest: the shards and the list of files do not match")
    pseudonyms = Pseudonyms(read_key(recipe.key_file), recipe.site)
    described = _described(files, tables, recipe, pseudonyms)
    files = _told(files.drop(columns="path"), described.facts)
    files = identity.decide_views(files, recipe.views)
    files = identity.name_patients(files, pseudonyms, known=recipe.patients == "known")
    files = identity.settle_copies(files)
    _write_ledger(files, ledger)
    kept = files[files["reason"] == "ok"].sort_values("image_id")
    _tell(kept, known=recipe.patients == "known", labelled=bool(tables))
    IMAGES.write(kept[list(IMAGES.columns)], images)
    _write_labels(described.said, kept, labels)
    place = kept[["image_id", "shard", "offset", "picture_rows", "picture_columns"]]
    PIXELS.write(place.set_axis(list(PIXELS.columns), axis="columns"), index)


def _described(
    files: pd.DataFrame, tables: list[Path], recipe: Recipe, pseudonyms: Pseudonyms
) -> Described:
    """Ask the adapter, and hold its answer against the contract."""
    pictures = files[~files["reason"].isin(NOT_PICTURES)]
    raster = pictures["transfer_syntax"].isin(["png", "jpeg"])
    seen = pd.DataFrame(
        {
            "file_id": pictures["file_id"],
            "path": [unquote(path, errors="replace") for path in pictures["path"]],
            "image_id": pictures["image_id"].mask(raster),
        }
    )
    source = Source(
        files=FILES.check(seen),
        tables=tables,
        labels=recipe.labels,
        hashed_uid=lambda uid: pseudonyms.of("image", uid),
    )
    described = datasets.load(recipe.adapter)(source)
    return Described(
        facts=FACTS.check(described.facts), said=SAID.check(described.said)
    )


def _told(files: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Join what the table tells of each file; the header goes first where it speaks."""
    facts = facts.rename(columns={"patient": "table_patient"})
    facts = facts.assign(in_table=True)
    files = files.merge(facts, on="file_id", how="left", suffixes=("", "_told"))
    for name in TOLD:
        files[name] = files[name].fillna(files.pop(f"{name}_told"))
    named = files.pop("image_name")
    return files.assign(
        image_id=named.fillna(files["image_id"]),
        in_table=files["in_table"].notna(),
    )


def _write_ledger(files: pd.DataFrame, path: Path) -> None:
    stated = files.assign(status=files["reason"].map(status))
    counts = stated["status"].value_counts()
    LEDGER.write(stated[list(LEDGER.columns)].sort_values("file_id"), path)
    parts = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    log.info("files: %d found = %s", len(stated), parts)
    for code, count in sorted(stated["reason"].value_counts().items()):
        log.info("%6d %s: %s", count, code, REASONS[str(code)].meaning)


def _tell(kept: pd.DataFrame, *, known: bool, labelled: bool) -> None:
    if known:
        identity.warn_of_lone_patients(kept)
    if labelled and (without := int((~kept["in_table"]).sum())):
        log.warning("label table: %d accepted images have no row", without)


def _write_labels(said: pd.DataFrame, kept: pd.DataFrame, path: Path) -> None:
    joined = said.merge(kept[["file_id", "image_id"]], on="file_id", how="inner")
    LABELS.write(joined[list(LABELS.columns)].sort_values(list(LABELS.key)), path)


if __name__ == "__main__":
    entry.run(main)

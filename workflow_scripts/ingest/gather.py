"""Join the shards with what the publisher says, and account for every file."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.tables.ingest import (
    COUNTS,
    FINGERPRINTS,
    IMAGES,
    LEDGER,
    PIXELS,
)
from workflow_scripts.ingest import copies, described, identity
from workflow_scripts.ingest.pseudonym import Pseudonyms, pseudonyms_of
from workflow_scripts.ingest.reasons import REASONS, status

TOLD = ["view_position", "sex", "age_years"]  # the table fills in what headers lack

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How the publisher's tables are understood."""

    adapter: str
    key_file: str  # "" for phantoms, whose key is public
    site: str  # ids of two sites never meet
    patients: str | None  # known, unknown, or as the adapter says
    labels: dict[str, Any] | None
    options: dict[str, Any]  # of the adapter
    exclude: list[str]  # rules of scope that are switched on
    expected: dict[str, int]  # counts of the whole set
    told: str  # digest of the facts in the tables: labels alone are none


def main(
    *,
    tables: Inputs,
    paths: Input,
    decoded: Inputs,
    recipe: Recipe,
    ledger: Output,
    images: Output,
    index: Output,
    fingerprints: Output,
    counts: Output,
) -> None:
    """Join the `decoded` shards with `tables`; write the tables of a dataset."""
    files = described.joined(paths, decoded)
    pseudonyms = pseudonyms_of(recipe.key_file, recipe.site, paths.parent)
    asked = described.source(files, tables, recipe.labels, recipe.options, pseudonyms)
    facts = described.facts(recipe.adapter, asked)
    source = {"known": "header", "unknown": "nobody"}.get(recipe.patients or "")
    if source == "header" and facts.patients != "nobody":
        source = facts.patients
    files = _told(files.drop(columns="path"), facts.frame, pseudonyms)
    files = identity.decide_scope(files, recipe.exclude)
    files = identity.name_patients(files, pseudonyms, source or facts.patients)
    files = copies.settle(files)
    _write_ledger(files, ledger)
    kept = files[files["reason"] == "ok"].sort_values("image_id")
    if len(facts.frame):
        _tell_unlisted(kept)
    identity.warn_of_lone_patients(kept)
    _write_counts(files, kept, facts.frame, recipe.expected, counts)
    IMAGES.write(kept[list(IMAGES.columns)], images)
    FINGERPRINTS.write(kept[list(FINGERPRINTS.columns)], fingerprints)
    place = kept[["image_id", "shard", "offset", "picture_rows", "picture_columns"]]
    PIXELS.write(place.set_axis(list(PIXELS.columns), axis="columns"), index)


def _told(
    files: pd.DataFrame, facts: pd.DataFrame, pseudonyms: Pseudonyms
) -> pd.DataFrame:
    """Join what the table tells of each file; the header goes first where it speaks."""
    facts = facts.rename(columns={"patient": "table_patient"})
    facts = facts.assign(in_table=True)
    files = files.merge(facts, on="file_id", how="left", suffixes=("", "_told"))
    for name in TOLD:
        files[name] = files[name].fillna(files.pop(f"{name}_told"))
    files["reason"] = files["reason"].where(
        files["reason"] != "ok", files.pop("reason_told").fillna("ok")
    )
    study = files.pop("study")
    hashed = study.dropna().map(lambda one: pseudonyms.of("study", one))
    named = files.pop("image_name")
    return files.assign(
        image_id=named.fillna(files["image_id"]),
        study_id=files["study_id"].fillna(hashed.astype("string")),
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


def _tell_unlisted(kept: pd.DataFrame) -> None:
    if without := int((~kept["in_table"]).sum()):
        log.warning("tables: %d accepted images have no row in them", without)


def _write_counts(
    files: pd.DataFrame,
    kept: pd.DataFrame,
    facts: pd.DataFrame,
    expected: dict[str, int],
    path: Path,
) -> None:
    """Write how many of what there are, and say where the publisher says otherwise."""
    found = {
        "files": len(files),
        "accepted images": len(kept),
        "accepted patients": kept["patient_id"].nunique(),
        "accepted images without patient": int(
            (kept["patient_id"] == kept["image_id"]).sum()
        ),
        "accepted images without row": int((~kept["in_table"]).sum()),
        "listed images": len(facts),
        "listed patients": facts["patient"].nunique(),
    }
    wanted = {f"listed {what}": count for what, count in expected.items()}
    rows = [
        {"what": what, "found": count, "expected": wanted.get(what)}
        for what, count in found.items()
    ]
    COUNTS.write(pd.DataFrame(rows), path)
    for what, count in wanted.items():
        if found[what] != count:
            log.warning("%s: %d of the %d in the whole set", what, found[what], count)


if __name__ == "__main__":
    entry.run(main)

"""Run the steps on a folder, as the rules do, and read what they wrote."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from workflow_scripts.core import archive, entry
from workflow_scripts.core.tables.ingest import (
    IMAGES,
    LABELS,
    LEDGER,
    PATHS,
    PIXELS,
    STRATA,
)
from workflow_scripts.ingest import decode, find, gather, label, mask, stratify
from workflow_scripts.plan import adapters, label_tables, settings

SHARDS = 2
INGEST = yaml.safe_load(settings.SCHEMA.read_text())["properties"]["ingest"][
    "properties"
]
CHECKS = INGEST["picture_checks"]["default"]


@dataclass(frozen=True, kw_only=True)
class Ingested:
    ledger: pd.DataFrame  # with `path`
    images: pd.DataFrame  # with `path`
    labels: pd.DataFrame  # with `path`
    index: pd.DataFrame
    strata: pd.DataFrame
    out: Path

    def reasons(self):
        return dict(zip(self.ledger["path"], self.ledger["reason"], strict=True))

    def statuses(self):
        return dict(zip(self.ledger["path"], self.ledger["status"], strict=True))

    def image(self, path):
        return self.images.set_index("path").loc[path]

    def picture(self, path, folder="pixels"):
        place = self.index.set_index("image_id").loc[self.image(path)["image_id"]]
        shape = (place["rows"], place["columns"])
        file = self.out / folder / f"{place['shard']}.u8"
        flat = np.fromfile(file, np.uint8, np.prod(shape), offset=place["offset"])
        return flat.reshape(shape)

    def label(self, path, finding):
        rows = self.labels.set_index(["path", "finding"])
        return rows.loc[(path, finding), "value"]


def recipe(rule, **choices):
    known = {"rule": rule, "wildcards": {}, "code": [], "pins": "", "choices": choices}
    return json.dumps(known)


def ingest(
    root,
    out,
    *,
    adapter="folder",
    options=None,
    labels=None,
    table=None,
    masks=None,
    mask_source="folder",
    key_file="",
    patients=None,
    site="north",
    exclude=("lateral", "for_processing", "other_modality", "other_body_part"),
    checks=CHECKS,
    long_side_px=1024,
):
    """Run the steps on `root`, as the rules do; SystemExit(1) for an InputError."""
    dataset = {"root": str(root), "adapter": adapter, "labels": None}
    dataset |= {"lung_masks": str(masks) if masks else None}
    told = adapters.told(adapter)
    tables = [table] if table else adapters.tables(dataset)
    people = {"key_file": key_file, "site": told["SITE"] or site}
    publisher = {"adapter": adapter, "options": options or {}}
    paths = out / "private/paths.parquet"
    state = archive.digest(archive.walk(root))
    known = {"key_file": key_file, "state": state, "unwatched": []}
    run(find.main, root=root, recipe=recipe("ingest_find", **known), paths=paths)
    decoded = [out / f"decoded/{shard}.parquet" for shard in range(SHARDS)]
    for shard in range(SHARDS):
        run(
            decode.main,
            root=root,
            shard=shard,
            recipe=recipe(
                "ingest_decode",
                **people,
                **{"state": "", "shards": SHARDS, "checks": list(checks)},
                **{"exclude": list(exclude), "long_side_px": long_side_px},
                **{
                    "raw": told["RAW"],
                    "paths": "",
                    "masks_below": adapters.masks_below(dataset),
                },
            ),
            decoded=decoded[shard],
            pixels=out / f"pixels/{shard}.u8",
        )
        drawn = {"source": mask_source if masks else "", "state": ""}
        run(
            mask.main,
            root=root,
            masks=[masks] if masks else [],
            decoded=decoded[shard],
            shard=shard,
            recipe=recipe(
                "ingest_mask", key_file=key_file, shards=SHARDS, paths="", **drawn
            ),
            lung_masks=out / f"lung_masks/{shard}.u8",
        )
    run(
        gather.main,
        tables=tables,
        paths=paths,
        decoded=decoded,
        recipe=recipe(
            "ingest_gather",
            **people,
            **publisher,
            **{"patients": patients, "labels": label_tables.facts_of(labels)},
            **{"exclude": list(exclude), "expected": told["EXPECTED"], "told": ""},
        ),
        ledger=out / "ledger.parquet",
        images=out / "images.parquet",
        index=out / "pixels.parquet",
        fingerprints=out / "fingerprints.parquet",
        counts=out / "counts.parquet",
    )
    run(
        label.main,
        tables=tables,
        paths=paths,
        decoded=decoded,
        images=out / "images.parquet",
        recipe=recipe("ingest_label", **people, **publisher, labels=labels, tables=""),
        labels=out / "labels.parquet",
    )
    run(
        stratify.main,
        tables=tables,
        paths=paths,
        decoded=decoded,
        images=out / "images.parquet",
        recipe=recipe("ingest_stratify", **people, **publisher, labels=labels),
        strata=out / "strata.parquet",
    )
    return read(out)


def run(main, **flags):
    argv = []
    for name, value in flags.items():
        values = value if isinstance(value, list) else [value]
        argv += [f"--{name.replace('_', '-')}", *map(str, values)]
    entry.run(main, argv)


def read(out):
    paths = PATHS.read(out / "private/paths.parquet")
    images = IMAGES.read(out / "images.parquet").merge(paths, on="file_id")
    labels = LABELS.read(out / "labels.parquet")
    return Ingested(
        ledger=LEDGER.read(out / "ledger.parquet").merge(paths, on="file_id"),
        images=images,
        labels=labels.merge(images[["image_id", "path"]], on="image_id"),
        index=PIXELS.read(out / "pixels.parquet"),
        strata=STRATA.read(out / "strata.parquet"),
        out=out,
    )

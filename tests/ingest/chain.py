"""Run the three steps on a folder, as the rules do, and read what they wrote."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.tables.ingest import IMAGES, LABELS, LEDGER, PATHS, PIXELS
from workflow_scripts.ingest import decode, find, gather

SHARDS = 2


@dataclass(frozen=True, kw_only=True)
class Ingested:
    ledger: pd.DataFrame  # with `path`
    images: pd.DataFrame  # with `path`
    labels: pd.DataFrame  # with `path`
    index: pd.DataFrame
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
    labels=None,
    table=None,
    masks=None,
    key_file="",
    patients="known",
    views="frontal",
    long_side_px=1024,
):
    """Run find, decode and gather on `root`; SystemExit(1) for an InputError."""
    paths = out / "private/paths.parquet"
    found = recipe("ingest_find", key_file=key_file, state="")
    run(find.main, root=root, recipe=found, paths=paths)
    for shard in range(SHARDS):
        shared = {"key_file": key_file, "site": "north", "views": views}
        run(
            decode.main,
            root=root,
            masks=[masks] if masks else [],
            paths=paths,
            shard=shard,
            recipe=recipe(
                "ingest_decode",
                state="",
                shards=SHARDS,
                long_side_px=long_side_px,
                **shared,
            ),
            decoded=out / f"decoded/{shard}.parquet",
            pixels=out / f"pixels/{shard}.u8",
            lung_masks=out / f"lung_masks/{shard}.u8",
        )
    run(
        gather.main,
        tables=[table] if table else [],
        paths=paths,
        decoded=[out / f"decoded/{shard}.parquet" for shard in range(SHARDS)],
        recipe=recipe(
            "ingest_gather",
            adapter="folder",
            patients=patients,
            labels=labels,
            **shared,
        ),
        ledger=out / "ledger.parquet",
        images=out / "images.parquet",
        labels=out / "labels.parquet",
        index=out / "pixels.parquet",
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
        out=out,
    )

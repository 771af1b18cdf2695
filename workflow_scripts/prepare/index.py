"""Say where each accepted image lies in the store, and what the store's files hold."""

import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.provenance import sha256
from workflow_scripts.core.store import Lungs, Store
from workflow_scripts.core.tables.ingest import IMAGES
from workflow_scripts.core.tables.prepare_pixels import SHARDS, STORE, STORED

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How large an image is (config.yaml: ``prepare``)."""

    size_px: int


def main(
    *,
    images: Input,
    stores: Inputs,
    stored_lungs: Inputs,
    stored: Inputs,
    recipe: Recipe,
    rows: Output,
    shards: Output,
) -> None:
    """Join what is `stored` of all shards; write the `rows` of images, and `shards`."""
    parts = [STORED.read(path).assign(shard=int(path.stem)) for path in stored]
    known = pd.concat(parts, ignore_index=True)
    asked = IMAGES.read(images)[["image_id", "file_id"]]
    joined = asked.merge(known, on="file_id", how="left", validate="one_to_one")
    if lost := int(joined["row"].isna().sum()):
        raise InputError(
            f"store: {lost} of {len(asked)} accepted images are in none of its "
            f"{len(parts)} shards; delete results/prepare/DATASET/store and run again"
        )
    log.info("crops: %s", joined["crop"].value_counts().to_dict())
    STORE.write(joined.drop(columns="file_id"), rows)
    sizes = known["shard"].value_counts()
    told = [
        _shard(pixels, lungs, int(sizes.get(int(pixels.stem), 0)), recipe.size_px)
        for pixels, lungs in zip(stores, stored_lungs, strict=True)
    ]
    SHARDS.write(pd.DataFrame(told, columns=list(SHARDS.columns)), shards)


def _shard(pixels: Path, lungs: Path, n_images: int, size_px: int) -> dict[str, object]:
    """Return what is to be told of one shard, whose table lists `n_images`.

    Raises:
        InputError: if its files hold another number of images.
    """
    number = int(pixels.stem)
    for file, opened in (
        (pixels, Store([pixels], size_px)),
        (lungs, Lungs([lungs], size_px)),
    ):
        if len(opened.shards[number]) != n_images:
            raise InputError(
                f"{file}: holds {len(opened.shards[number])} images, its table "
                f"{n_images}; delete it and run again"
            )
    return {
        "shard": number,
        "images": n_images,
        "sha256": sha256(pixels),
        "lungs_sha256": sha256(lungs),
    }


if __name__ == "__main__":
    entry.run(main)

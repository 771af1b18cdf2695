"""Pretrain one encoder on its pool with one self-supervised method."""

import dataclasses
import logging
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from workflow_scripts.core import encoders, entry, provenance
from workflow_scripts.core.encoders import Card
from workflow_scripts.core.entry import Identity, Input, Inputs, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.feed import Feed
from workflow_scripts.core.store import Store, by_dataset
from workflow_scripts.core.tables.prepare import POOL
from workflow_scripts.core.tables.prepare_pixels import INTENSITY
from workflow_scripts.core.tables.pretrain import TRAINING
from workflow_scripts.core.workspace import workspace
from workflow_scripts.pretrain import checkpoint, methods
from workflow_scripts.pretrain.loop import Run
from workflow_scripts.pretrain.recipe import Recipe

log = logging.getLogger(__name__)


def main(
    *,
    parent: Input,
    parent_card: Input,
    pool: Input,
    stores: Inputs,
    intensities: Inputs,
    recipe: Recipe,
    identity: Identity,
    encoder: Output,
    card: Output,
    training: Output,
) -> None:
    """Start from `parent`, learn from the images of `pool`, write the `encoder`."""
    torch.manual_seed(recipe.seed)
    model, known = encoders.load(parent, parent_card)
    if recipe.intensity == "pool":
        known = of_intensity(known, [INTENSITY.read(path) for path in intensities])
    images = pooled(POOL.read(pool), stores, recipe)
    with workspace(identity) as folder:
        run = Run(built(model, recipe), known, images, recipe)
        run.resume(folder)
        while run.epoch < recipe.epochs:
            run.one_epoch()
            checkpoint.save(run.state(), folder, run.epoch)
        trained = dataclasses.replace(
            known,
            parents=[*known.parents, known.recipe],
            recipe=dataclasses.asdict(recipe),
            data_digest=provenance.sha256(pool),
        )
        encoders.save(run.method.encoder, trained, encoder, card)
        TRAINING.write(pd.DataFrame(run.history), training)


def pooled(pool: pd.DataFrame, stores: list[Path], recipe: Recipe) -> Feed:
    """Return the images of the pool, numbered as its rows."""
    files = by_dataset(stores)
    opened = {
        name: Store(files[name], recipe.size_px) for name in pool["dataset"].unique()
    }
    if len(pool) < 2 * recipe.batch_size:
        log.warning("only %d images: batches of half of them", len(pool))
    return Feed(
        opened,
        pool["dataset"].to_numpy(object),
        pool["shard"].to_numpy(np.int64),
        pool["row"].to_numpy(np.int64),
    )


def of_intensity(card: Card, intensities: list[pd.DataFrame]) -> Card:
    """Return `card` with the mean and deviation of the training images.

    Args:
        card: of the encoder that training starts from.
        intensities: the table of each dataset of the pool.

    Raises:
        InputError: if there are no grey values that differ.
    """
    table = pd.concat(intensities, ignore_index=True)
    table = table[table["n_images"] > 0]
    share = (table["n_images"] / max(1, table["n_images"].sum())).to_numpy(np.float64)
    mean, deviation = (table[name].to_numpy() for name in ("mean", "deviation"))
    middle = float(share @ mean)
    spread = math.sqrt(max(0.0, float(share @ (deviation**2 + mean**2)) - middle**2))
    if not spread:
        raise InputError(
            "intensity: the training images hold one grey value only; say "
            "`intensity: parent`, or look at the pictures"
        )
    log.info("normalised by mean %.4f, deviation %.4f of the pool", middle, spread)
    return dataclasses.replace(card, mean=middle, deviation=spread)


def built(encoder: nn.Module, recipe: Recipe) -> nn.Module:
    """Build the method around the encoder, with the options that were given.

    Raises:
        InputError: naming an option that the method does not have, or local views:
            crops so small would leave out what a radiograph shows.
    """
    module = methods.load(recipe.method)
    known = {field.name for field in dataclasses.fields(module.Options)}
    if odd := sorted(recipe.options.keys() - known):
        raise InputError(
            f"options: {recipe.method} has no {odd[0]!r}; it has {sorted(known)}"
        )
    info: Any = encoder.eval()  # batch norm shall not learn from what is empty
    with torch.no_grad():
        empty = torch.zeros(2, 1, recipe.size_px, recipe.size_px)
        maps = info.forward_intermediates(
            empty, indices=1, norm=False, intermediates_only=True
        )
        shape = methods.Shape(
            width=info(empty).shape[1],
            map_width=maps[-1].shape[1],
            size_px=recipe.size_px,
        )
    method: nn.Module = module.Method(encoder, shape, module.Options(**recipe.options))
    if method.local_views:
        raise InputError(
            f"options: {recipe.method} is asked for {method.local_views} local views, "
            "and no augmentation makes any; leave them out"
        )
    return method


if __name__ == "__main__":
    entry.run(main)

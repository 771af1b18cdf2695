"""Compute an encoder's features of a task's images, once for all frozen protocols."""

import logging
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from workflow_scripts.core import encoders, entry
from workflow_scripts.core.device import autocast, device, placed
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.progress import progress
from workflow_scripts.core.tables.prepare import TARGETS
from workflow_scripts.finetune.aligned import images_of, pixels_of, places_of

BATCH = 256

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The names that go with the stores, in their order."""

    datasets: list[str]
    size_px: int


def main(
    *,
    encoder: Input,
    card: Input,
    targets: Input,
    stores: Inputs,
    rows: Inputs,
    recipe: Recipe,
    features: Output,
) -> None:
    """Write the `features` of the images that `targets` names."""
    model, known = encoders.load(encoder, card)
    model = placed(model).eval()
    places = places_of(recipe.datasets, stores, rows)
    images = images_of(TARGETS.read(targets))
    pixels = pixels_of(images, places, recipe.size_px)
    with features.open("wb") as file:  # a name would be given a second suffix
        np.save(file, features_of(model, known, pixels), allow_pickle=False)


@torch.no_grad()
def features_of(
    model: nn.Module, card: encoders.Card, pixels: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Return the features of uint8 `pixels`, shape (images, width)."""
    parts = []
    starts = range(0, len(pixels), BATCH)
    for start in progress(starts, total=len(starts), what="batches"):
        batch = torch.from_numpy(pixels[start : start + BATCH]).to(device())
        with autocast():
            parts.append(model(encoders.normalised(batch, card)).float().cpu().numpy())
    return np.concatenate(parts)


if __name__ == "__main__":
    entry.run(main)

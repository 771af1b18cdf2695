"""Write an encoder that is taken as it is, so that every arm is a file."""

import dataclasses
import logging
from dataclasses import dataclass

import torch

from workflow_scripts.core import encoders, entry
from workflow_scripts.core.entry import Inputs, Output
from workflow_scripts.core.tables.pretrain import TRAINING
from workflow_scripts.pretrain.starts import adopt, begun, read_weights

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Which network, with which weights (config.yaml: ``encoders``)."""

    backbone: str
    weights: str  # random, file, timm, or timm:NAME.TAG
    size_px: int
    seed: int


def main(
    *, weights: Inputs, recipe: Recipe, encoder: Output, card: Output, training: Output
) -> None:
    """Build the encoder, with the user's `weights` where there are some."""
    torch.manual_seed(recipe.seed)
    model, known = begun(recipe.backbone, recipe.weights, recipe.size_px)
    notes = dict(known.notes)
    for file in weights:
        notes |= adopt(model, read_weights(file))
    n_weights = sum(weight.numel() for weight in model.parameters())
    log.info("%s, %s weights, %d of them", recipe.backbone, recipe.weights, n_weights)
    known = dataclasses.replace(known, recipe=dataclasses.asdict(recipe), notes=notes)
    encoders.save(model, known, encoder, card)
    TRAINING.write(TRAINING.empty(), training)


if __name__ == "__main__":
    entry.run(main)

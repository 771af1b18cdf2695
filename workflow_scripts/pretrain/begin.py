"""Write an encoder that is taken as it is, so that every arm is a file."""

import dataclasses
import logging
from dataclasses import dataclass
from pathlib import Path

import torch

from workflow_scripts.core import encoders, entry, provenance
from workflow_scripts.core.entry import Inputs, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.pretrain import TRAINING
from workflow_scripts.pretrain.starts import begun
from workflow_scripts.pretrain.weights import reading
from workflow_scripts.pretrain.weights.adopting import adopt

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Which network, with which weights (config.yaml: ``encoders``)."""

    backbone: str
    weights: str  # random, file, https, timm, or timm:NAME.TAG
    sha256: str | None  # of brought weights; None: any
    format: str | None  # of brought weights; None: as recognised
    mean: float | None  # of pixels in [0, 1] that they saw; None: as the format has it
    deviation: float | None  # likewise
    size_px: int
    seed: int


def main(
    *, weights: Inputs, recipe: Recipe, encoder: Output, card: Output, training: Output
) -> None:
    """Build the encoder, with the user's `weights` where there are some."""
    torch.manual_seed(recipe.seed)
    model, known = begun(recipe.backbone, recipe.weights, recipe.size_px)
    for file in weights:
        known.notes.update(licence="unknown", sha256=checked(file, recipe.sha256))
        known = adopt(
            model,
            known,
            reading.tensors(file),
            asked=recipe.format,
            mean=recipe.mean,
            deviation=recipe.deviation,
        )
    n_weights = sum(weight.numel() for weight in model.parameters())
    log.info("%s, %s weights, %d of them", recipe.backbone, recipe.weights, n_weights)
    known = dataclasses.replace(known, recipe=dataclasses.asdict(recipe))
    encoders.save(model, known, encoder, card)
    TRAINING.write(TRAINING.empty(), training)


def checked(file: Path, sha256: str | None) -> str:
    """Return the SHA-256 of `file`.

    Raises:
        InputError: if it is not the one that is asked for.
    """
    found = provenance.sha256(file)
    if sha256 and found != sha256.lower():
        raise InputError(
            f"weights: {file.name} has sha256 {found}, and {sha256} was asked for; "
            "it is another file or damaged"
        )
    return found


if __name__ == "__main__":
    entry.run(main)

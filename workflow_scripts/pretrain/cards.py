"""What the card of an encoder says of its training."""

import dataclasses
import hashlib
import logging
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from workflow_scripts.core import provenance
from workflow_scripts.core.device import device
from workflow_scripts.core.encoders import Card
from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain.energy import gpu_hours
from workflow_scripts.pretrain.recipe import Recipe

log = logging.getLogger(__name__)


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


def with_labels(card: Card, targets: pd.DataFrame, findings: list[str]) -> Card:
    """Return `card` with a note of the labels seen, for what follows from them.

    Encoders that start from this one keep the note.
    """
    seen = {
        "findings": findings,
        "labels": len(targets),
        "images": targets.groupby(["dataset", "image_id"]).ngroups,
        "patients": int(targets["patient_id"].nunique()),
    }
    log.info("labels seen: %(labels)d, of %(images)d images", seen)
    earlier = card.notes.get("labels_seen", [])
    return dataclasses.replace(
        card, notes={**card.notes, "labels_seen": [*earlier, seen]}
    )


def trained(
    card: Card,
    recipe: Recipe,
    learnt_from: Sequence[Path],
    history: Sequence[dict[str, float]],
) -> Card:
    """Return `card` as it is published.

    Args:
        card: that training began with.
        recipe: what the user chose.
        learnt_from: the pool, and the table of labels if some were learnt.
        history: a row for each epoch, as in the table of training.
    """
    seconds = sum(row["seconds"] for row in history)
    cost = {
        "hours": round(seconds / 3600, 6),
        "gpu_hours": round(gpu_hours(seconds, recipe.processes), 6),
        "device": device().type,
        "processes": recipe.processes,
        "energy_wh": _known(sum(row["energy_wh"] for row in history)),
    }
    return dataclasses.replace(
        card,
        parents=[*card.parents, card.recipe],
        recipe=dataclasses.asdict(recipe),
        data_digest=_digest(learnt_from),
        notes={**card.notes, "cost": cost},
    )


def _known(value: float) -> float | None:
    """Return `value`, or what JSON has for NaN."""
    return None if math.isnan(value) else round(value, 3)


def _digest(files: Sequence[Path]) -> str:
    """Return the SHA-256 of one file; of several, that of theirs."""
    first, *others = digests = [provenance.sha256(path) for path in files]
    return hashlib.sha256("".join(digests).encode()).hexdigest() if others else first

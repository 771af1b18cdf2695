"""An encoder as files: `encoder.safetensors`, and `encoder.json` that says what it is.

Anyone can load one without us: `timm.create_model(**json["timm"])`, then the
safetensors file, with no key missing or left over.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from workflow_scripts.core.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Card:
    """What `encoder.json` says of an encoder."""

    timm: dict[str, Any]  # arguments of timm.create_model
    size_px: int  # side of the images it was made for
    mean: float  # subtracted from pixels in [0, 1]
    deviation: float  # and then divided by
    parents: list[dict[str, Any]] = field(default_factory=list)  # oldest first
    recipe: dict[str, Any] = field(default_factory=dict)
    data_digest: str = ""  # of the images it was trained on; empty if on none of ours
    notes: dict[str, Any] = field(default_factory=dict)


def build(card: Card) -> nn.Module:
    """Return the network that `card` describes, with timm's initial weights."""
    model: nn.Module = timm.create_model(**card.timm)
    return model


def load(weights: Path, card: Path) -> tuple[nn.Module, Card]:
    """Return the encoder in `weights`, described by `card`.

    Raises:
        InputError: if a key of the weights is missing or left over.
    """
    known = Card(**json.loads(card.read_text(encoding="utf-8")))
    model = build(known)
    missing, unexpected = model.load_state_dict(load_file(weights), strict=False)
    if missing or unexpected:
        raise InputError(f"{weights}: {missing=} {unexpected=}")
    return model, known


def save(model: nn.Module, card: Card, weights: Path, json_path: Path) -> None:
    """Write `model` and its `card`.

    Raises:
        InputError: if a weight is not finite; such an encoder must not be published.
    """
    state = {key: value.cpu().contiguous() for key, value in model.state_dict().items()}
    for key, value in state.items():
        if not torch.isfinite(value).all():
            raise InputError(f"{key} is not finite: training broke down")
    save_file(state, weights)
    text = json.dumps(asdict(card), indent=1, sort_keys=True)
    json_path.write_text(text + "\n", encoding="utf-8")
    weights.chmod(json_path.stat().st_mode)  # safetensors lets nobody else read them


def normalised(images: Tensor, card: Card) -> Tensor:
    """Return what the encoder wants to see of uint8 `images`.

    Args:
        images: uint8, shape (batch, rows, columns).
        card: of the encoder.

    Returns:
        float32, shape (batch, 1, rows, columns).
    """
    scaled = images.unsqueeze(1).to(torch.float32) / 255
    return (scaled - card.mean) / card.deviation

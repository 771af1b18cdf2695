"""Where an encoder starts: random weights, timm's, or a file that a user brings."""

from pathlib import Path
from typing import Any

import timm
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from workflow_scripts.core.encoders import Card
from workflow_scripts.core.errors import InputError

LEAST_MATCHED = 0.9  # of the encoder's weights, or the file is not for it
WRAPPERS = ("state_dict", "model", "model_state_dict", "teacher")
PREFIXES = ("module.", "backbone.", "encoder.", "model.")
MEAN, DEVIATION = 0.5, 0.25  # of pixels in [0, 1], where no weights ask for others


def begun(backbone: str, weights: str, size_px: int) -> tuple[nn.Module, Card]:
    """Return the timm model `backbone` for grey images, and its card.

    Args:
        backbone: name of a timm model.
        weights: random or file (initial weights, for now), timm, or timm:NAME.TAG.
        size_px: side of the images it shall see.

    Raises:
        InputError: if timm's weights are neither on this machine nor to be had.
    """
    known = timm.get_pretrained_cfg(backbone)
    arguments: dict[str, Any] = {
        "model_name": backbone,
        "in_chans": 1,
        "num_classes": 0,
    }
    if known is not None and known.fixed_input_size:
        arguments["img_size"] = size_px
    if not weights.startswith("timm"):
        card = Card(timm=arguments, size_px=size_px, mean=MEAN, deviation=DEVIATION)
        return timm.create_model(**arguments), card
    name = weights[5:] or backbone
    try:
        model = timm.create_model(**{**arguments, "model_name": name}, pretrained=True)
    except (OSError, RuntimeError) as error:
        raise InputError(
            f"timm's weights {name!r} are not on this machine and could not be "
            "fetched; bring them with `weights: file:PATH`"
        ) from error
    cfg: Any = model.pretrained_cfg
    mean, deviation = (sum(cfg[key]) / len(cfg[key]) for key in ("mean", "std"))
    notes = {"weights": name, "licence": cfg.get("license", "unknown")}
    card = Card(
        timm=arguments, size_px=size_px, mean=mean, deviation=deviation, notes=notes
    )
    return model, card


def read_weights(path: Path) -> dict[str, Tensor]:
    """Return the state dict in `path`, without running anything that is in it.

    Raises:
        InputError: if the file is neither safetensors nor a plain state dict.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(
            "weights: the file is neither safetensors nor a state dict that loads "
            f"with weights_only ({type(error).__name__})"
        ) from error
    for wrapper in WRAPPERS:
        if isinstance(loaded, dict) and isinstance(loaded.get(wrapper), dict):
            loaded = loaded[wrapper]
    return {key: value for key, value in loaded.items() if isinstance(value, Tensor)}


def adopt(model: nn.Module, given: dict[str, Tensor]) -> dict[str, Any]:
    """Load the `given` weights into `model`; a colour stem is summed to grey.

    Returns:
        Which keys matched, were missing, or were left over.

    Raises:
        InputError: if less than `LEAST_MATCHED` of the model's weights are there.
    """
    own = model.state_dict()
    named = {_bare(key): value for key, value in given.items()}
    matched: dict[str, Tensor] = {}
    for key, value in own.items():
        candidate = named.get(key)
        if candidate is None:
            continue
        if candidate.ndim == 4 and candidate.shape[1] == 3 and value.shape[1] == 1:
            candidate = candidate.sum(1, keepdim=True)
        if candidate.shape == value.shape:
            matched[key] = candidate
    share = sum(own[key].numel() for key in matched) / sum(
        value.numel() for value in own.values()
    )
    if share < LEAST_MATCHED:
        raise InputError(
            f"weights: only {share:.0%} of the encoder's weights are in the file; "
            f"it has keys like {sorted(named)[:3]}, the encoder {sorted(own)[:3]}"
        )
    model.load_state_dict(matched, strict=False)
    return {
        "matched_share": round(share, 4),
        "missing": sorted(own.keys() - matched.keys()),
        "left_over": sorted(named.keys() - matched.keys()),
    }


def _bare(key: str) -> str:
    """Take off what training code put before a weight's name."""
    while key.startswith(PREFIXES):
        key = key.partition(".")[2]
    return key

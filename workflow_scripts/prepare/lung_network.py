"""The network that finds lungs: what it is, what it is shown, and its file.

The file is safetensors; its metadata say which network of MONAI's it is, so that one
trained elsewhere, by another run or another group, can be brought.
"""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from monai.networks.nets.basic_unet import BasicUNet
from monai.networks.nets.segresnet import SegResNet
from monai.networks.nets.unet import UNet
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from workflow_scripts.core.errors import InputError

CLASSES: dict[str, type[nn.Module]] = {
    "UNet": UNet,
    "BasicUNet": BasicUNet,
    "SegResNet": SegResNet,
}
METADATA = "fewray_lung_network"  # the key of the card
SIDES = (128, 256)  # to which SIDE is brought without loss of the pixels between


@dataclass(frozen=True, kw_only=True)
class Card:
    """What the metadata of a network's file say of it."""

    network: str  # one of CLASSES, with one channel in and one logit out
    arguments: dict[str, Any]  # of the class
    side_px: int  # of the squares it is shown, one of SIDES


# Instance norm, for a batch of so few hospitals says little of the next one's pictures
OURS = Card(
    network="UNet",
    arguments={
        "spatial_dims": 2,
        "in_channels": 1,
        "out_channels": 1,
        "channels": [16, 32, 64, 128, 256],
        "strides": [2, 2, 2, 2],
        "num_res_units": 2,
    },
    side_px=128,
)


def build(card: Card) -> nn.Module:
    """Return the network that `card` describes, with random weights."""
    return CLASSES[card.network](**card.arguments)


def save(network: nn.Module, card: Card, path: Path) -> None:
    """Write `network` and its `card` to `path`.

    Raises:
        InputError: if a weight is not finite: training broke down.
    """
    state = {
        key: value.cpu().contiguous() for key, value in network.state_dict().items()
    }
    if not all(bool(torch.isfinite(value).all()) for value in state.values()):
        raise InputError("the lung finder broke down; try a lower learning_rate")
    save_file(state, path, metadata=metadata(card))


def metadata(card: Card) -> dict[str, str]:
    """Return the metadata of a network's file."""
    return {METADATA: json.dumps(asdict(card), sort_keys=True)}


def load(path: Path) -> tuple[nn.Module, Card]:
    """Return the network in `path`, and what it is.

    Raises:
        InputError: if it is none that we know, or its weights do not fit.
    """
    card = _card(path)
    try:
        network = build(card)
        state = load_file(path)
        missing, left_over = network.load_state_dict(state, strict=False)
        empty = torch.zeros(1, 1, card.side_px, card.side_px)
        with torch.no_grad():
            shape = network.eval()(empty).shape
    except (TypeError, ValueError, RuntimeError, AttributeError, KeyError) as error:
        why = str(error).splitlines()[0]
        raise _refusal(
            path, f"its weights are not of its {card.network}: {why}"
        ) from None
    if missing or left_over:
        raise _refusal(
            path,
            f"{len(missing)} weights are missing and {len(left_over)} left over, such "
            f"as {[*missing, *left_over][0]!r}",
        )
    if shape != empty.shape:
        raise _refusal(path, "it has not one channel in and one out")
    return network, card


def _card(path: Path) -> Card:
    try:
        with safe_open(path, "pt") as file:
            kept = file.metadata() or {}
    except (OSError, SafetensorError):
        raise _refusal(path, "not a readable safetensors file") from None
    try:
        told = json.loads(kept.get(METADATA, "null"))
    except json.JSONDecodeError:
        told = None
    wanted = {field.name for field in fields(Card)}
    if not isinstance(told, dict) or told.keys() != wanted:
        raise _refusal(path, f"its metadata hold no {METADATA!r} of {sorted(wanted)}")
    if told["network"] not in CLASSES or not isinstance(told["arguments"], dict):
        raise _refusal(path, f"its network is none of {sorted(CLASSES)}")
    if told["side_px"] not in SIDES:
        raise _refusal(path, f"its side_px is none of {SIDES}")
    return Card(**told)


def _refusal(path: Path, why: str) -> InputError:
    return InputError(
        f"prepare.lungs.weights: {path}: {why}; give a network.safetensors that this "
        "project trained, or leave `weights` out to train one"
    )


def covered(pictures: Tensor) -> Tensor:
    """Return where squares hold a picture: False in black rows and columns.

    Args:
        pictures: shape (n, rows, columns); 0 is black.

    Returns:
        bool, same shape.
    """
    bright = pictures > 0
    return bright.any(2)[:, :, None] & bright.any(1)[:, None, :]


def standardised(pictures: Tensor, inside: Tensor) -> Tensor:
    """Return `pictures` with mean 0 and deviation 1 `inside`, and 0 outside.

    Args:
        pictures: float32, shape (n, rows, columns).
        inside: bool, same shape; see `covered`.

    Returns:
        float32, shape (n, 1, rows, columns).
    """
    n_inside = inside.sum((1, 2), keepdim=True).clamp(min=1)
    kept = pictures * inside
    mean = kept.sum((1, 2), keepdim=True) / n_inside
    centred = (pictures - mean) * inside
    deviation = (centred.square().sum((1, 2), keepdim=True) / n_inside).sqrt()
    return (centred / deviation.clamp(min=1e-3))[:, None]

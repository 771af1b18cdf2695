"""An encoder and its linear classifier in one network: what is handed to others."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from workflow_scripts.core import encoders
from workflow_scripts.core.device import device, placed
from workflow_scripts.core.encoders import Card
from workflow_scripts.core.errors import InputError
from workflow_scripts.finetune.networks import BATCH, Network

Floats = NDArray[np.float64]


def assembled(encoder: nn.Module, weights: dict[str, NDArray[Any]]) -> Network:
    """Return the network that a protocol's `weights` make of `encoder`.

    Args:
        encoder: as published; its weights stay where the protocol kept them frozen.
        weights: of one draw: `weight` and `bias` of a linear layer alone, or those of
            the whole network.

    Raises:
        InputError: if they are of neither kind, as those of protocols are that put
            something else on an encoder.
    """
    layer = {"weight", "bias"}
    if set(weights) == layer:
        frozen = {f"encoder.{k}": v for k, v in encoder.state_dict().items()}
        given = {f"classifier.{key}": _tensor(weights[key]) for key in layer}
        state = frozen | given
    else:
        state = {key: _tensor(value) for key, value in weights.items()}
    return _filled(encoder, state, "protocol")


def save(network: Network, path: Path) -> None:
    """Write the weights of `network`."""
    state = {k: v.cpu().contiguous() for k, v in network.state_dict().items()}
    save_file(state, path)


def load(weights: Path, description: Path) -> tuple[Network, Card, dict[str, Any]]:
    """Return an exported network, the card of its encoder, and all that is said of it.

    Raises:
        InputError: if the weights are not those of the described network.
    """
    told = json.loads(description.read_text(encoding="utf-8"))
    card = Card(**told["encoder"])
    network = _filled(encoders.build(card), load_file(weights), str(weights))
    return network, card, told


def _filled(encoder: nn.Module, state: dict[str, Tensor], place: str) -> Network:
    layer = state.get("classifier.weight")
    if layer is None or layer.ndim != 2:
        raise InputError(
            f"{place}: its classifier is no linear layer on an encoder, so it cannot "
            "be exported; ask for linear_probe or fine_tune"
        )
    network = Network(encoder, layer.shape[1], layer.shape[0])
    missing, unexpected = network.load_state_dict(state, strict=False)
    if missing or unexpected:
        raise InputError(f"{place}: {missing=} {unexpected=}")
    return network.eval()


def _tensor(value: NDArray[Any]) -> Tensor:
    """Return float64 of a probe as float32; whole numbers, as of steps, as they are."""
    tensor = torch.from_numpy(np.ascontiguousarray(value))
    return tensor.float() if tensor.is_floating_point() else tensor


@torch.no_grad()
def logits_of(network: Network, card: Card, pixels: NDArray[np.uint8]) -> Floats:
    """Return the logits of uint8 `pixels`, shape (images, findings).

    In float32 on every device: thresholds are to hold wherever the export is used.
    """
    network = placed(network).eval()
    parts = [np.empty((0, network.classifier.out_features))]
    with torch.backends.cudnn.flags(allow_tf32=False):
        for start in range(0, len(pixels), BATCH):
            batch = torch.from_numpy(pixels[start : start + BATCH]).to(device())
            logits = network(encoders.normalised(batch, card))
            parts.append(logits.double().cpu().numpy())
    return np.concatenate(parts)

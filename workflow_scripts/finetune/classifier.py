"""A whole classifier, from images to logits, as files: what is handed to others."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file
from safetensors.torch import save_file
from torch import nn

from workflow_scripts.core import encoders
from workflow_scripts.core.device import device, placed
from workflow_scripts.core.encoders import Card
from workflow_scripts.finetune import kinds, protocols
from workflow_scripts.finetune.kinds import Floats
from workflow_scripts.finetune.networks import BATCH
from workflow_scripts.finetune.protocols import Asked


@dataclass(frozen=True, kw_only=True)
class Export:
    """A classifier, and all that is said of it."""

    network: nn.Module
    card: Card  # of its encoder
    asked: Asked
    told: dict[str, Any]  # by its description


def save(network: nn.Module, path: Path) -> None:
    """Write the weights of `network`."""
    state = {k: v.cpu().contiguous() for k, v in network.state_dict().items()}
    save_file(state, path)


def load(weights: Path, description: Path) -> Export:
    """Return what was exported.

    Raises:
        InputError: if the weights are not those of the described network.
    """
    told = json.loads(description.read_text(encoding="utf-8"))
    card = Card(**told["encoder"])
    findings = [each["finding"] for each in told["findings"]]
    asked = Asked(kind=kinds.load(told["kind"]), findings=findings)
    protocol = protocols.load(told["arm"]["protocol"])
    network = protocol.assembled(load_file(weights), encoders.build(card), asked)
    return Export(network=network, card=card, asked=asked, told=told)


@torch.no_grad()
def scores_of(
    network: nn.Module, card: Card, pixels: NDArray[np.uint8], asked: Asked
) -> Floats:
    """Return what `network` says of uint8 `pixels`, shape (images, findings).

    In float32 on every device: thresholds are to hold wherever the export is used.
    """
    network = placed(network).eval()
    parts = [np.empty((0, len(asked.findings)))]
    with torch.backends.cudnn.flags(allow_tf32=False):
        for start in range(0, len(pixels), BATCH):
            batch = torch.from_numpy(pixels[start : start + BATCH]).to(device())
            logits = network(encoders.normalised(batch, card))
            parts.append(asked.kind.said(logits.double()).cpu().numpy())
    return np.concatenate(parts)

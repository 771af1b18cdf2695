"""Watch the features during training: have they collapsed?"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workflow_scripts.core.device import autocast, device
from workflow_scripts.core.encoders import Card, normalised


@torch.no_grad()
def features(encoder: nn.Module, images: Tensor, card: Card) -> NDArray[np.float32]:
    """Return the features of uint8 `images`, not augmented, shape (images, width)."""
    encoder.eval()
    parts = []
    for batch in torch.split(images, 256):
        with autocast():
            seen = encoder(normalised(batch.to(device()), card))
        parts.append(seen.float().cpu().numpy())
    encoder.train()
    return np.concatenate(parts)


def feature_std(features: NDArray[np.float32]) -> float:
    """Return how much unit-length features differ from image to image.

    Returns:
        Mean over features of their deviation, times the root of their number: 0 when
        every image looks the same, 1 when they spread evenly.
    """
    length = np.linalg.norm(features, axis=1, keepdims=True)
    spread = (features / np.maximum(length, 1e-12)).std(axis=0).mean()
    return float(spread * np.sqrt(features.shape[1]))


def effective_rank(features: NDArray[np.float32]) -> float:
    """Return RankMe: how many directions the features really use.

    Garrido et al. 2023, https://arxiv.org/abs/2210.02885, equation 1: exp of the
    entropy of the normalised singular values. Compare runs of one method only.

    Returns:
        1 (all in one direction) to the number of features.
    """
    values = np.linalg.svd(features.astype(np.float64), compute_uv=False)
    share = values / max(values.sum(), 1e-12) + 1e-7
    return float(np.exp(-(share * np.log(share)).sum()))

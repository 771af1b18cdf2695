"""Watch the features during training: have they collapsed?

Features are looked at as they will be used, with the network in evaluation mode, so
that batch norm takes its running means: within a batch, batch norm makes even noise
look spread out.
"""

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workflow_scripts.core.device import autocast, device
from workflow_scripts.core.encoders import Card, normalised

# What reads features and gives what a loss compares, in methods that compare views. Not
# DINO's: its low temperatures part what looks the same, as it does in healthy runs.
PROJECTION_HEADS = ("projection_head", "expander")

Features = NDArray[np.float32]


@torch.no_grad()
def features(encoder: nn.Module, images: Tensor, card: Card) -> Features:
    """Return the features of uint8 `images`, not augmented, shape (images, width)."""
    was_training = encoder.training
    encoder.eval()
    parts = []
    for batch in torch.split(images, 256):
        with autocast():
            seen = encoder(normalised(batch.to(device()), card))
        parts.append(seen.float().cpu().numpy())
    encoder.train(was_training)
    return np.concatenate(parts)


@torch.no_grad()
def projections(method: Any, features: Features) -> Features | None:  # noqa: ANN401
    """Return what the projection head of `method` makes of `features`.

    Returns:
        Shape (images, projected width); None if the method compares no views.
    """
    heads = [getattr(method, name, None) for name in PROJECTION_HEADS]
    head = next((head for head in heads if head is not None), None)
    if head is None:
        return None
    was_training = head.training
    head.eval()
    with autocast():
        seen = head(torch.from_numpy(features).to(device()))
    head.train(was_training)
    projected: Features = seen.float().cpu().numpy()
    return projected


def measures(features: Features, projections: Features | None) -> dict[str, float]:
    """Return what the table of training says of features and projections."""
    projected = math.nan if projections is None else feature_std(projections)
    with np.errstate(invalid="ignore"):  # of features that are not finite
        centred = features - features.mean(axis=0)
    return {
        "feature_std": feature_std(features),
        "effective_rank": effective_rank(features),
        "centred_rank": effective_rank(centred),
        "projection_std": projected,
    }


def feature_std(features: Features) -> float:
    """Return how much unit-length features differ from image to image.

    As in SimSiam, Chen and He 2020, https://arxiv.org/abs/2011.10566, figure 2.

    Returns:
        Mean over features of their deviation, times the root of their number: 0 when
        every image looks the same, 1 when they spread evenly; NaN if not finite.
    """
    if not np.isfinite(features).all():
        return math.nan
    wide = features.astype(np.float64)  # squares of large ones would not be finite
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    spread = (wide / np.maximum(length, 1e-12)).std(axis=0).mean()
    return float(spread * np.sqrt(features.shape[1]))


def effective_rank(features: Features) -> float:
    """Return RankMe: how many directions the features really use.

    Garrido et al. 2023, https://arxiv.org/abs/2210.02885, equation 1: exp of the
    entropy of the normalised singular values. Compare runs of one method only.

    The singular values are roots of the Gram matrix's eigenvalues, in float64, in a
    fifth of the time of a singular value decomposition (benchmarks/collapse.md).

    Returns:
        1 (all in one direction) to the number of features; NaN if not finite.
    """
    if not np.isfinite(features).all():
        return math.nan
    wide = features.astype(np.float64)
    gram = wide @ wide.T if len(wide) < wide.shape[1] else wide.T @ wide
    values = np.sqrt(np.linalg.eigvalsh(gram).clip(0))
    share = values / max(values.sum(), 1e-12) + 1e-7
    return float(np.exp(-(share * np.log(share)).sum()))

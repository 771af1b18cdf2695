"""One yes-or-no question for each finding, each answered for itself."""

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.finetune.kinds import Floats

if TYPE_CHECKING:
    from torch import Tensor, nn

PIXELS = False


def network(encoder: "nn.Module", width: int, n_findings: int) -> "nn.Module":
    """Return `encoder` under a linear classifier that says nothing yet."""
    from workflow_scripts.finetune.networks import Network

    return Network(encoder, width, n_findings)


def begin_as(
    network: "nn.Module", weight: Floats, bias: Floats, centre: Floats
) -> None:
    """Let the classifier begin as these probes; `centre` is not needed."""
    import torch

    layer = cast(Any, network).classifier
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.copy_(torch.from_numpy(bias))


def loss(logits: "Tensor", answers: "Tensor", emphasis: "Tensor") -> "Tensor":
    """Return binary cross-entropy over the known targets (NaN is unknown).

    Args:
        logits: shape (batch, findings).
        answers: 1, 0 or between where it is uncertain, NaN unknown; same shape.
        emphasis: of present findings, shape (findings,).
    """
    import torch
    from torch.nn import functional

    known = ~torch.isnan(answers)
    each = functional.binary_cross_entropy_with_logits(
        logits, torch.nan_to_num(answers), reduction="none", pos_weight=emphasis
    )
    return (each * known).sum() / known.sum().clamp(min=1)


def said(logits: "Tensor") -> "Tensor":
    """Return the chance of each finding, shape (batch, findings)."""
    return logits.sigmoid()


def scored(said: NDArray[Any], answers: NDArray[Any]) -> Floats:
    """Return the chances."""
    return said.astype(np.float64, copy=False)


def judged(said: NDArray[Any], answers: NDArray[Any]) -> float:
    """Return the mean AUROC over the findings that have both classes; else NaN.

    Args:
        said: chances, shape (images, findings).
        answers: 1, 0, NaN unknown, same shape; what lies between counts as unknown.
    """
    from workflow_scripts.finetune.resampling import auroc

    known = np.where((answers == 0) | (answers == 1), answers, np.nan)
    once = np.ones((1, len(answers)))  # no resampling
    values = [auroc(*pair, once)[0] for pair in zip(known.T, said.T, strict=True)]
    told = [value for value in values if not np.isnan(value)]
    return float(np.mean(told)) if told else float("nan")


def coherent(chances: Floats) -> Floats:
    """Return `chances` as they are: findings may come together."""
    return chances


def together(logits: "Tensor") -> "Tensor":
    """Return `logits` as they are."""
    return logits

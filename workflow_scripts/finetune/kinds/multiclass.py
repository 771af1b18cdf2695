"""Just one of the findings: their chances sum to one."""

from typing import TYPE_CHECKING

import numpy as np

from workflow_scripts.finetune.kinds import Floats, multilabel

if TYPE_CHECKING:
    from torch import Tensor

PIXELS = False

network = multilabel.network
begin_as = multilabel.begin_as
scored = multilabel.scored
judged = multilabel.judged  # each class against the rest, and the mean of that


def loss(logits: "Tensor", answers: "Tensor", emphasis: "Tensor") -> "Tensor":
    """Return softmax cross-entropy over the images whose class is known.

    An image of a class weighs 1 + emphasis, and weights are shared out to 1. If
    emphasis is absent over present images, that is all images over those of the class,
    so that every class has the same say; if it is 1, all images have.

    Args:
        logits: shape (batch, classes).
        answers: 1 for the class of an image, else 0; NaN if unknown; same shape.
        emphasis: of present classes, shape (classes,).
    """
    import torch

    known = ~torch.isnan(answers).any(dim=1, keepdim=True)
    weights = torch.nan_to_num(answers) * known * (1 + emphasis)
    total = weights.sum().clamp(min=torch.finfo(weights.dtype).tiny)
    return -(weights * logits.log_softmax(dim=1)).sum() / total


def said(logits: "Tensor") -> "Tensor":
    """Return the chance of each class, shape (batch, classes)."""
    return logits.softmax(dim=1)


def coherent(chances: Floats) -> Floats:
    """Return `chances` divided by their sum; where all are 0, equal ones."""
    total = chances.sum(axis=1, keepdims=True)
    equal = np.full(chances.shape, 1 / chances.shape[1])
    return np.divide(chances, total, out=equal, where=total > 0)


def together(logits: "Tensor") -> "Tensor":
    """Return the logarithms of the chances, as softmax divides by their sum."""
    from torch.nn import functional

    return functional.logsigmoid(logits)

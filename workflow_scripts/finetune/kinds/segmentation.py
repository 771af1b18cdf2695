"""A picture of what somebody drew, as the lungs are: the answer is a mask.

Agreement is Dice's: twice what two masks share, over the pixels of both; 1 where both
are empty, and 0 where one of them is. Dice 1945, https://doi.org/10.2307/1932409.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.finetune.kinds import Floats

if TYPE_CHECKING:
    from torch import Tensor, nn

PIXELS = True


def network(encoder: "nn.Module", width: int, n_findings: int) -> "nn.Module":
    """Return `encoder` under a decoder that says nothing yet; see `decoder`.

    The encoder's maps are taken, not its features, so that `width` does not matter.
    """
    from workflow_scripts.finetune.decoder import Segmenter

    return Segmenter(encoder)


def loss(logits: "Tensor", answers: "Tensor", emphasis: "Tensor") -> "Tensor":
    """Return 1 - Dice of each image, and cross-entropy of each pixel: their means' sum.

    MONAI's `DiceCELoss`, for areas that are much smaller than what is around them:
    Milletari et al. 2016, https://arxiv.org/abs/1606.04797; the sum as in Isensee et
    al. 2021, "nnU-Net", https://doi.org/10.1038/s41592-020-01008-z.

    Args:
        logits: shape (batch, 1, size_px, size_px).
        answers: 0 and 1, shape (batch, size_px, size_px).
        emphasis: not used; Dice does not care how rare a pixel is.
    """
    from monai.losses.dice import DiceCELoss

    found: Tensor = DiceCELoss(sigmoid=True)(logits, answers.unsqueeze(1))
    return found


def said(logits: "Tensor") -> "Tensor":
    """Return where the chance is above one half: uint8, (batch, size_px, size_px)."""
    import torch

    return (logits[:, 0] > 0).to(torch.uint8)


def scored(said: NDArray[Any], answers: NDArray[Any]) -> Floats:
    """Return Dice of each image, shape (images, 1)."""
    one, other = said > 0, answers > 0
    shared = (one & other).sum(axis=(1, 2), keepdims=True)[:, :, 0]
    of_both = one.sum(axis=(1, 2)) + other.sum(axis=(1, 2))
    dice: Floats = np.ones((len(said), 1))
    np.divide(2 * shared, of_both[:, None], out=dice, where=of_both[:, None] > 0)
    return dice


def judged(said: NDArray[Any], answers: NDArray[Any]) -> float:
    """Return the mean of Dice over the images; NaN of none."""
    return float(scored(said, answers).mean()) if len(said) else float("nan")

"""Supervised: learn labels, as the upper reference of methods that do without them.

One yes-or-no answer for each finding by binary cross entropy, as in Rajpurkar et al.
2017, "CheXNet: Radiologist-Level Pneumonia Detection on Chest X-Rays with Deep
Learning", https://arxiv.org/abs/1711.05225, section 3. Labels that are not known are
masked, as Irvin et al. 2019, "CheXpert: A Large Chest Radiograph Dataset with
Uncertainty Labels and Expert Comparison", https://arxiv.org/abs/1901.07031, do by
U-Ignore; for its U-Ones and U-Zeros, say `uncertain: positive` or `negative`.

The mean is over the known labels of the batch, not a sum over findings: a dataset that
tells of few findings weighs as much by what it tells.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from workflow_scripts.pretrain.gathered import processes, summed
from workflow_scripts.pretrain.methods import Shape


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the papers let one choose."""

    # Present and absent weigh the same in all, for each finding: CheXNet's weights for
    # pneumonia, over their mean. For all 14 findings, CheXNet weighs nothing.
    balanced: bool = False


class Method(nn.Module):
    """An encoder, and a linear classifier that is thrown away."""

    views = 1
    local_views = 0
    taught = True

    weights: Tensor  # of an absent and a present label, shape (2, findings)

    def __init__(self, encoder: nn.Module, shape: Shape, options: Options) -> None:
        """Put a classifier on `encoder`.

        Raises:
            ValueError: if `shape` names no findings.
        """
        super().__init__()
        if not shape.findings:
            raise ValueError("supervised learns findings, and there are none")
        self.encoder = encoder
        self.classifier = nn.Linear(shape.width, shape.findings)
        weights = torch.ones(2, shape.findings)
        if options.balanced:
            shares = torch.tensor(shape.present_shares)
            weights = 0.5 / torch.stack([1 - shares, shares])
        self.register_buffer("weights", weights)

    def forward(self, images: Tensor, *, targets: Tensor) -> Tensor:
        """Return the mean cross entropy of the known labels; 0 where none is known.

        Args:
            images: one view, shape (batch, 1, size_px, size_px).
            targets: float32, shape (batch, findings): 1, 0, NaN unknown.
        """
        logits = self.classifier(self.encoder(images)).float()
        known = ~targets.isnan()
        truth = targets.nan_to_num()
        absent, present = self.weights
        weight = known * torch.where(truth > 0, present, absent)
        total = functional.binary_cross_entropy_with_logits(
            logits, truth, weight, reduction="sum"
        )
        # The mean over processes is that over all labels known in the whole batch.
        return total * processes() / summed(known.sum()).clamp(min=1)

    def after_step(self, share: float) -> None:
        """Do nothing: all that moves is learnt."""

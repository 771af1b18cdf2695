"""SimCLR: tell an image's other view from the views of all other images.

Chen et al. 2020, "A Simple Framework for Contrastive Learning of Visual
Representations", https://arxiv.org/abs/2002.05709, equation 1 and algorithm 1. The head
is lightly's, with the batch norms of the authors' code.

The loss is our own: lightly 1.6's, with several processes, indexes a mask on the CPU by
rows on the GPU. Negatives are those of all processes.
"""

from dataclasses import dataclass

import torch
from lightly.models.modules.heads import SimCLRProjectionHead
from torch import Tensor, nn
from torch.nn import functional

from workflow_scripts.pretrain.gathered import gathered, rank_offset
from workflow_scripts.pretrain.methods import Shape


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the paper lets one choose."""

    projection_width: int = 128
    hidden_width: int = 2048  # the width of the paper's ResNet-50
    temperature: float = 0.1  # best in table 5; 0.5 for small images (appendix B.9)


def nt_xent(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """Return the normalised temperature-scaled cross entropy, equation 1.

    Args:
        first: projections of view one, shape (batch, width).
        second: projections of view two of the same images, same shape.
        temperature: what cosines are divided by.

    Returns:
        Mean over the 2 x batch views of this process; its negatives are the other
        views of all processes.
    """
    z = functional.normalize(torch.cat([first, second]), dim=1)
    z1, z2 = (gathered(view) for view in z.chunk(2))
    similarity = z @ torch.cat([z1, z2]).T / temperature
    row = rank_offset(len(first)) + torch.arange(len(first), device=z.device)
    itself, other = torch.cat([row, row + len(z1)]), torch.cat([row + len(z1), row])
    similarity = similarity.scatter(1, itself[:, None], -torch.inf)
    return functional.cross_entropy(similarity, other)


class Method(nn.Module):
    """An encoder, its projection head, and the loss."""

    views = 2
    local_views = 0

    def __init__(self, encoder: nn.Module, shape: Shape, options: Options) -> None:
        """Put a projection head on `encoder`."""
        super().__init__()
        self.options = options
        self.encoder = encoder
        self.projection_head = SimCLRProjectionHead(
            shape.width, options.hidden_width, options.projection_width
        )

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the loss of one batch; both views go through the encoder together."""
        z = self.projection_head(self.encoder(torch.cat([first, second])))
        with torch.autocast(z.device.type, enabled=False):
            z1, z2 = z.float().chunk(2)
            return nt_xent(z1, z2, self.options.temperature)

    def after_step(self, share: float) -> None:
        """Nothing moves between steps."""

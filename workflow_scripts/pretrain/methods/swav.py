"""SwAV: predict from one view to which prototypes another view was assigned.

Caron et al. 2020, "Unsupervised Learning of Visual Features by Contrasting Cluster
Assignments", https://arxiv.org/abs/2006.09882, equations 1 to 5. Projection head and
Sinkhorn are lightly's; the prototypes have no bias, as in the paper (lightly's have).

The paper assigns to 3,000 prototypes from batches of 4,096, or of 256 with a queue of
3,840: a small pool wants fewer. The paper adds six local views of 96 px beside two of
224 px, of 0.05 to 0.14 of the area; here there are none unless asked for, since so
little of a radiograph may not show what it is a radiograph of.

Deviations: what the authors hold or begin by epochs goes by the share of training, and
the queue holds images of all processes, where theirs is split between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from lightly.loss.swav_loss import sinkhorn
from lightly.models.modules.heads import SwaVProjectionHead
from torch import Tensor, nn
from torch.nn import functional

from workflow_scripts.pretrain.gathered import gathered, rank_offset
from workflow_scripts.pretrain.methods import Shape
from workflow_scripts.pretrain.multicrop import features, held, open_to_sizes


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the paper lets one choose."""

    projection_width: int = 128
    hidden_width: int = 2048
    prototypes: int = 3000
    temperature: float = 0.1
    # weight of the entropy of assignments, equation 3; less (0.03) where the loss stays
    # at log(prototypes)
    epsilon: float = 0.05
    iterations: int = 3  # of Sinkhorn-Knopp
    frozen_share: float = 0.01  # of training, prototypes held; the paper's first epoch
    queue_size: int = 0  # earlier images that help to assign; 3,840 in the paper
    queue_from: float = 0.075  # share of training; the paper's epoch 15 of 200
    local_views: int = 0  # 6 in the paper


def swapped_prediction(
    scores: Sequence[Tensor], codes: Sequence[Tensor], temperature: float
) -> Tensor:
    """Return the cross entropy of codes and what other views predict, equation 2.

    Args:
        scores: of every view with every prototype, each (batch, prototypes); the full
            views first.
        codes: assignments of the full views, each (batch, prototypes), rows add to 1.
        temperature: what scores are divided by.

    Returns:
        Mean over images, full views, and the views other than each.
    """
    predictions = [functional.log_softmax(s / temperature, dim=1) for s in scores]
    losses = [
        -(code * prediction).sum(1).mean()
        for full, code in enumerate(codes)
        for view, prediction in enumerate(predictions)
        if view != full
    ]
    return torch.stack(losses).mean()


class Method(nn.Module):
    """An encoder, its projection head, prototypes, a queue, and the loss."""

    views = 2
    local_views = 0
    moving: Tensor
    queue: Tensor

    def __init__(self, encoder: nn.Module, shape: Shape, options: Options) -> None:
        """Put head and prototypes on `encoder`."""
        super().__init__()
        self.options = options
        self.local_views = options.local_views
        if options.local_views:
            open_to_sizes(encoder)
        self.encoder = encoder
        width = options.projection_width
        self.projection_head = SwaVProjectionHead(
            shape.width, options.hidden_width, width
        )
        self.prototypes = nn.Linear(width, options.prototypes, bias=False)
        self.register_buffer("moving", torch.zeros(()))  # 1 once prototypes may move
        queue = torch.zeros(self.views, options.queue_size, width)
        self.register_buffer("queue", queue)
        self.collecting, self.collected = False, 0
        self.after_step(0)

    def forward(self, *views: Tensor) -> Tensor:
        """Return the loss of one batch, full views first."""
        projections = self.projection_head(features(self.encoder, views))
        with torch.autocast(projections.device.type, enabled=False):
            z = functional.normalize(projections.float(), dim=1).chunk(len(views))
            prototypes = held(self.prototypes.weight, self.moving)
            scores = [view @ prototypes.T for view in z]
            codes = self._codes(z[: self.views])
            return swapped_prediction(scores, codes, self.options.temperature)

    @torch.no_grad()
    def _codes(self, z: Sequence[Tensor]) -> list[Tensor]:
        """Assign this process's full views, evenly over all processes and the queue."""
        everyone = [gathered(view) for view in z]
        size = self.options.queue_size
        ready = size and self.collected >= size
        codes = []
        for number, view in enumerate(everyone):
            rows = torch.cat([view, self.queue[number]]) if ready else view
            codes.append(self._assigned(rows, len(z[0])))
        if self.collecting:
            newest = torch.cat([torch.stack(everyone), self.queue], dim=1)
            self.queue.copy_(newest[:, :size])
            self.collected = min(size, self.collected + len(everyone[0]))
        return codes

    def _assigned(self, rows: Tensor, n_rows: int) -> Tensor:
        code = sinkhorn(
            rows @ self.prototypes.weight.T,
            iterations=self.options.iterations,
            epsilon=self.options.epsilon,
        )
        return code[rank_offset(n_rows) :][:n_rows]

    @torch.no_grad()
    def after_step(self, share: float) -> None:
        """Bring prototypes back to the unit sphere; free them, begin the queue."""
        weight = self.prototypes.weight
        weight.copy_(functional.normalize(weight, dim=1))
        self.moving.fill_(float(share >= self.options.frozen_share))
        self.collecting = self.options.queue_size > 0 and (
            share >= self.options.queue_from
        )

    def get_extra_state(self) -> Tensor:
        """Return what is no buffer because the host asks for it at every step."""
        return torch.tensor([int(self.collecting), self.collected])

    def set_extra_state(self, state: Tensor) -> None:
        """Take what `get_extra_state` returned."""
        self.collecting, self.collected = bool(state[0]), int(state[1])

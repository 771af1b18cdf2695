"""MoCo v2: tell an image's other view from a queue of other images.

He et al. 2020, "Momentum Contrast for Unsupervised Visual Representation Learning",
https://arxiv.org/abs/1911.05722; the projection head, temperature and augmentation of
Chen et al. 2020, "Improved Baselines with Momentum Contrastive Learning",
https://arxiv.org/abs/2003.04297. Loss, queue and head are lightly's.

Deviation: batch norm is not shuffled between devices but sees the whole batch, on one
device and on several. The authors warn that keys in the queue are of other batches,
whose statistics may give them away (their repository, issue 46); MoCo-CXR trained on
one GPU all the same. Keys of all processes enter the queue.
"""

from dataclasses import dataclass

import torch
from lightly.loss import NTXentLoss
from lightly.models.modules.heads import MoCoProjectionHead
from lightly.models.modules.memory_bank import MemoryBankModule
from lightly.models.utils import update_momentum
from torch import Tensor, nn

from workflow_scripts.pretrain.gathered import gathered
from workflow_scripts.pretrain.methods import Shape
from workflow_scripts.pretrain.momentum import slow_copy


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the papers let one choose."""

    projection_width: int = 128
    hidden_width: int = 2048
    temperature: float = 0.2
    momentum: float = 0.999  # of the momentum encoder
    queue_size: int = 65536  # keys of earlier images; a few batches for a small pool


class Queue(MemoryBankModule):  # type: ignore[misc]
    """Lightly's queue, moved on without asking the device where it stands.

    Lightly asks, and a GPU would have to end its work first. Keys that do not fit the
    end go to the beginning, where lightly drops them.
    """

    @torch.no_grad()
    def _dequeue_and_enqueue(self, batch: Tensor) -> None:
        size = self.size[0]
        keys = gathered(batch)[-size:]
        rows = (self.bank_ptr + torch.arange(len(keys), device=keys.device)) % size
        self.bank.index_copy_(0, rows, keys)
        self.bank_ptr.copy_((rows[-1:] + 1) % size)


class Method(nn.Module):
    """An encoder, its projection head, their slow copies, and the loss."""

    views = 2
    local_views = 0

    def __init__(self, encoder: nn.Module, shape: Shape, options: Options) -> None:
        """Put a projection head on `encoder`, and copy both."""
        super().__init__()
        self.options = options
        self.encoder = encoder
        self.projection_head = MoCoProjectionHead(
            shape.width, options.hidden_width, options.projection_width
        )
        self.momentum_encoder = slow_copy(encoder)
        self.momentum_head = slow_copy(self.projection_head)
        queue = (options.queue_size, options.projection_width)
        self.loss = NTXentLoss(options.temperature, queue, gather_distributed=True)
        self.loss.memory_bank = bank = Queue(queue, gather_distributed=True)
        for name, value in (("bank", bank.bank), ("bank_ptr", bank.bank_ptr)):
            # lightly leaves the queue out of checkpoints; a resumed run needs it
            bank.register_buffer(name, value, persistent=True)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the loss of one batch: InfoNCE of queries against keys and queue."""
        query = self.projection_head(self.encoder(first))
        with torch.no_grad():
            key = self.momentum_head(self.momentum_encoder(second))
        with torch.autocast(query.device.type, enabled=False):
            loss: Tensor = self.loss(query.float(), key.float())
        return loss

    def after_step(self, share: float) -> None:
        """Let the slow copies follow."""
        momentum = self.options.momentum
        update_momentum(self.encoder, self.momentum_encoder, m=momentum)
        update_momentum(self.projection_head, self.momentum_head, m=momentum)

"""DINO: a student predicts what a teacher, its slow copy, says of the other views.

Caron et al. 2021, "Emerging Properties in Self-Supervised Vision Transformers",
https://arxiv.org/abs/2104.14294, equations 1 to 4 and algorithm 1.

Head and loss are our own. lightly's head cannot be copied to make a teacher and is held
through the optimiser; lightly's loss warms the temperature by epoch. The last layer is
weight-normalised with length 1 (the paper's `norm_last_layer`), computed in float32: in
bfloat16 a step of a logit is a tenth of the teacher's temperature. Epochs of the paper
are shares of training here.

The paper adds local views of 96 px, 8 to 10, beside two of 224 px, of 0.05 to 0.4 of
the area; here there are none unless asked for, since so little of a radiograph may not
show what it is a radiograph of.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from lightly.models.modules.heads import ProjectionHead
from lightly.models.utils import update_momentum
from torch import Tensor, nn
from torch.nn import functional

from workflow_scripts.pretrain.gathered import processes, summed
from workflow_scripts.pretrain.methods import Shape
from workflow_scripts.pretrain.momentum import rising, slow_copy
from workflow_scripts.pretrain.multicrop import features, held, open_to_sizes


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the paper lets one choose."""

    output_width: int = 65536  # K; fewer for a small pool
    hidden_width: int = 2048
    bottleneck_width: int = 256
    student_temperature: float = 0.1
    teacher_temperature: float = 0.07
    teacher_temperature_start: float = 0.04
    warmup_share: float = 0.1  # of training; the paper's 30 epochs of 300
    centre_momentum: float = 0.9
    momentum: float = 0.996  # of the teacher at the start; rises to 1
    frozen_share: float = 0.01  # of training, last layer held; 1 epoch of 100
    local_views: int = 0  # 8 to 10 in the paper


def dino_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Return the cross entropy between views, equation 3.

    Args:
        student: logits over temperature, (views, batch, K), the full views first.
        teacher: probabilities of the full views, (full views, batch, K).

    Returns:
        Mean over images and over pairs of two different views.
    """
    log_student = functional.log_softmax(student, dim=-1)
    pairs = -torch.einsum("tbk,sbk->ts", teacher, log_student) / student.shape[1]
    same = torch.eye(*pairs.shape, dtype=torch.bool, device=pairs.device)
    n_pairs = pairs.numel() - min(pairs.shape)
    return pairs.masked_fill(same, 0).sum() / n_pairs


class Head(nn.Module):
    """Three layers, then cosines to K directions."""

    moving: Tensor

    def __init__(self, width: int, options: Options) -> None:
        """Begin as the authors do: normal weights of deviation 0.02, no offset."""
        super().__init__()
        hidden, out = options.hidden_width, options.bottleneck_width
        self.layers = ProjectionHead(
            [
                (width, hidden, None, nn.GELU()),
                (hidden, hidden, None, nn.GELU()),
                (hidden, out, None, None),
            ]
        )
        for layer in self.layers.modules():
            if isinstance(layer, nn.Linear):
                nn.init.trunc_normal_(layer.weight, std=0.02)
                nn.init.zeros_(layer.bias)
        self.last_layer = nn.Linear(out, options.output_width, bias=False)
        self.register_buffer("moving", torch.zeros(()))  # 1 once the last layer may

    def forward(self, features: Tensor) -> Tensor:
        """Return float32 logits from -1 to 1, shape (batch, K)."""
        bottleneck = self.layers(features)
        with torch.autocast(bottleneck.device.type, enabled=False):
            direction = functional.normalize(bottleneck.float(), dim=1)
            weight = held(self.last_layer.weight, self.moving)
            return direction @ functional.normalize(weight, dim=1).T


class Method(nn.Module):
    """A student, a teacher, the teacher's centre, and the loss."""

    views = 2
    local_views = 0
    centre: Tensor
    teacher_temperature: Tensor

    def __init__(self, encoder: nn.Module, shape: Shape, options: Options) -> None:
        """Put a head on `encoder`, the student; the teacher begins as a copy."""
        super().__init__()
        self.options = options
        self.local_views = options.local_views
        if options.local_views:
            open_to_sizes(encoder)
        self.encoder = encoder
        self.head = Head(shape.width, options)
        self.teacher_encoder = slow_copy(encoder)
        self.teacher_head = slow_copy(self.head)
        self.register_buffer("centre", torch.zeros(options.output_width))
        self.register_buffer("teacher_temperature", torch.zeros(()))
        self._schedule(0)

    def forward(self, *views: Tensor) -> Tensor:
        """Return the loss of one batch, full views first, and move the centre."""
        student = self.head(features(self.encoder, views))
        teacher = self._teacher(views[: self.views])
        with torch.autocast(student.device.type, enabled=False):
            logits = student.reshape(len(views), *teacher.shape[1:])
            return dino_loss(logits / self.options.student_temperature, teacher)

    @torch.no_grad()
    def _teacher(self, views: Sequence[Tensor]) -> Tensor:
        """Return centred, sharpened probabilities; move the centre, equation 4."""
        logits = self.teacher_head(features(self.teacher_encoder, views))
        sharp = (logits - self.centre) / self.teacher_temperature
        mean = summed(logits.mean(0)) / processes()
        self.centre.lerp_(mean, 1 - self.options.centre_momentum)
        return functional.softmax(sharp, dim=1).reshape(len(views), -1, len(mean))

    def _schedule(self, share: float) -> None:
        options = self.options
        warm = min(1.0, share / options.warmup_share) if options.warmup_share else 1.0
        rise = options.teacher_temperature - options.teacher_temperature_start
        self.teacher_temperature.fill_(options.teacher_temperature_start + warm * rise)
        self.head.moving.fill_(float(share >= options.frozen_share))

    def after_step(self, share: float) -> None:
        """Let the teacher follow, warm its temperature, free the last layer."""
        momentum = rising(self.options.momentum, share)
        update_momentum(self.encoder, self.teacher_encoder, m=momentum)
        update_momentum(self.head, self.teacher_head, m=momentum)
        self._schedule(share)

"""The training loop: everything that moves while one encoder is trained."""

import logging
import math
import time
from pathlib import Path
from typing import Any

import torch
from timm.optim._param_groups import param_groups_weight_decay
from torch import Tensor

from workflow_scripts.core.device import autocast, device, placed
from workflow_scripts.core.encoders import Card
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.feed import Feed
from workflow_scripts.pretrain import augmentations, checkpoint, watching
from workflow_scripts.pretrain.recipe import Recipe

WATCHED = 1024  # images whose features are watched

log = logging.getLogger(__name__)


class Run:
    """All that moves while one encoder is trained."""

    def __init__(
        self,
        method: Any,  # noqa: ANN401 (any method file)
        card: Card,
        images: Feed,
        recipe: Recipe,
    ) -> None:
        """Take the `method`, built around its encoder, and make its optimiser.

        Args:
            method: a method file's `Method`.
            card: of the encoder it is built around.
            images: of the pool.
            recipe: what the user chose.
        """
        self.recipe, self.card = recipe, card
        self.images = images
        self.batch_size = min(recipe.batch_size, len(images) // 2)
        self.method = placed(method)
        self.augment = augmentations.load(recipe.augmentation).augment
        self.rate = recipe.learning_rate * self.batch_size / 256
        groups = param_groups_weight_decay(self.method, recipe.weight_decay)
        self.optimiser = torch.optim.AdamW(groups, lr=self.rate, fused=True)
        self.order = torch.Generator().manual_seed(recipe.seed)
        self.chance = torch.Generator(device()).manual_seed(recipe.seed)
        self.epoch = 0
        self.history: list[dict[str, float]] = []
        rows = torch.linspace(0, len(images) - 1, min(WATCHED, len(images))).long()
        self.watched = images.batch(rows)

    @property
    def steps_per_epoch(self) -> int:
        """Full batches in one pass; the rest waits for the next shuffle."""
        return len(self.images) // self.batch_size

    def learning_rate(self, step: int) -> float:
        """Return the rate at `step`: a linear rise, then half a cosine to zero."""
        total = self.steps_per_epoch * self.recipe.epochs
        epochs = min(self.recipe.warmup_epochs, self.recipe.epochs / 5)
        warmup = max(1, round(epochs * self.steps_per_epoch))
        if step < warmup:
            return self.rate * (step + 1) / warmup
        share = (step - warmup) / max(1, total - warmup)
        return self.rate * 0.5 * (1 + math.cos(math.pi * share))

    def one_epoch(self) -> None:
        """Go once through the images, and note how it went."""
        begun = time.monotonic()
        self.method.train()
        order = torch.randperm(len(self.images), generator=self.order)
        losses = []
        for number in range(self.steps_per_epoch):
            rows = order[number * self.batch_size : (number + 1) * self.batch_size]
            losses.append(self._step(self.images.batch(rows), number))
        loss = float(torch.stack(losses).mean())
        self.epoch += 1
        self._note(loss, time.monotonic() - begun)

    def _step(self, images: Tensor, number: int) -> Tensor:
        step = self.epoch * self.steps_per_epoch + number
        for group in self.optimiser.param_groups:
            group["lr"] = self.learning_rate(step)
        views = [self._view(images) for _ in range(self.method.views)]
        with autocast():
            loss: Tensor = self.method(*views)
        if not torch.isfinite(loss):
            raise InputError(
                f"the loss is {loss.item()} at epoch {self.epoch + 1}, step "
                f"{number + 1}; try a lower learning_rate"
            )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        total = self.steps_per_epoch * self.recipe.epochs
        self.method.after_step((step + 1) / total)
        return loss.detach()

    def _view(self, images: Tensor) -> Tensor:
        """Return one augmented, normalised view, (batch, 1, size_px, size_px)."""
        seen = self.augment(images, self.chance).unsqueeze(1)
        return (seen - self.card.mean) / self.card.deviation

    def _note(self, loss: float, seconds: float) -> None:
        seen = watching.features(self.method.encoder, self.watched, self.card)
        row = {
            "epoch": self.epoch,
            "loss": loss,
            "learning_rate": self.optimiser.param_groups[0]["lr"],
            "images_per_second": self.steps_per_epoch * self.batch_size / seconds,
            "feature_std": watching.feature_std(seen),
            "effective_rank": watching.effective_rank(seen),
            "seconds": seconds,
        }
        self.history.append(row)
        left = (self.recipe.epochs - self.epoch) * seconds
        log.info(
            "epoch %d of %d: loss %.4f, %.0f images/s, rank %.1f, %.0f s left",
            *(self.epoch, self.recipe.epochs, loss, row["images_per_second"]),
            *(row["effective_rank"], left),
        )

    def state(self) -> dict[str, Any]:
        """Return all that moves."""
        return {
            "method": self.method.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "order": self.order.get_state(),
            "chance": self.chance.get_state(),
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all(),
            "epoch": self.epoch,
            "history": self.history,
        }

    def resume(self, folder: Path) -> None:
        """Go on from the newest checkpoint in `folder`, if there is one."""
        state = checkpoint.newest(folder)
        if state is None:
            return
        self.method.load_state_dict(state["method"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.order.set_state(state["order"])
        self.chance.set_state(state["chance"])
        torch.set_rng_state(state["torch"])
        torch.cuda.set_rng_state_all(state["cuda"])
        self.epoch = state["epoch"]
        self.history = state["history"]
        log.info("going on after epoch %d", self.epoch)

"""The training loop, from the first step of one encoder to the last."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from workflow_scripts.core.device import autocast, device
from workflow_scripts.core.encoders import Card
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.progress import progress
from workflow_scripts.pretrain import checkpoint, journal, randomness, room
from workflow_scripts.pretrain.moving import Moving
from workflow_scripts.pretrain.pace import Pace
from workflow_scripts.pretrain.pooled import Pool
from workflow_scripts.pretrain.processes import Flags, apart, of_all, rank
from workflow_scripts.pretrain.recipe import Recipe
from workflow_scripts.pretrain.schedules import Schedule
from workflow_scripts.pretrain.stopping import GO_ON_LATER, Stop
from workflow_scripts.pretrain.watch import Watch

SAVING_SHARE = 0.02  # of all time
SAVED_EVERY_S = 300.0  # at the latest
STEPS = 1  # names the random numbers of steps, apart from those of views

log = logging.getLogger(__name__)


class Run:
    """The training of one encoder, in one of its processes."""

    def __init__(
        self,
        method: Any,  # noqa: ANN401 (any method file's)
        card: Card,
        pool: Pool,
        recipe: Recipe,
    ) -> None:
        """Take the `method`, built around its encoder, to the first step.

        Args:
            method: a method file's `Method`, on the device, alike in all processes.
            card: of the encoder it is built around.
            pool: what is learnt from.
            recipe: what the user chose.
        """
        self.recipe, self.pool = recipe, pool
        self.moving = Moving(method, card, recipe)
        self.watch = Watch(pool, card)
        self.batch_size = room.batch_size(recipe, len(pool))
        self.schedule = Schedule(
            recipe=recipe,
            batch_size=self.batch_size,
            steps_per_epoch=len(pool) // self.batch_size,
        )
        self.at_once = self.batch_size  # images, in this process
        self.epoch = 0  # whole ones that are done
        self.step = 0  # done in the epoch under way
        self.norm = torch.zeros((), device=device())  # of the last step's gradients
        self.last = torch.zeros(0, dtype=torch.int64)  # images that it was taken on

    @property
    def steps_done(self) -> int:
        """Steps of all epochs."""
        return self.epoch * self.schedule.steps_per_epoch + self.step

    def train(self, folder: Path, stop: Stop) -> None:
        """Go through the epochs, from where a process before this one stood.

        Args:
            folder: of the checkpoints.
            stop: asked after each step.

        Raises:
            SystemExit: 75 if asked to stop; the next process goes on from there.
            InputError: if a loss or a gradient is not finite.
        """
        self.moving.method.train()
        if not self.resume(folder):
            randomness.begin([self.recipe.seed, rank(), STEPS])
            self.at_once = room.at_once(self)
            self.moving.account.start = self.watch.of(self.moving)
        left = self.schedule.steps - self.steps_done
        saving, clock = Pace(SAVING_SHARE, SAVED_EVERY_S), time.monotonic()
        for rows, images in progress(self._batches(), total=left, what="steps"):
            asked = stop.asked
            stopped, due = self.take_step(rows, images, stop=asked, save=saving.due)
            clock = self.moving.account.spent_since(clock)
            if self.step == self.schedule.steps_per_epoch:
                self._end_epoch(folder)
            if stopped or due:
                with saving.working():
                    self.save(folder)
            if stopped:
                raise SystemExit(GO_ON_LATER)
        self._refuse_broken_gradients()

    def _batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield what each step to come is taken on; see `Pool.batches`."""
        while self.epoch < self.recipe.epochs:
            n_images = self.schedule.steps_per_epoch * self.batch_size
            order = self.pool.order(self.epoch, self.recipe)[:, :n_images]
            rows = order.view(len(order), -1, self.batch_size)[:, self.step :]
            yield from self.moving.account.waited_for(self.pool.batches(rows))

    def take_step(
        self, rows: Tensor, images: Tensor, *, stop: bool = False, save: bool = False
    ) -> tuple[bool, bool]:
        """Move all weights once; the gradients of a batch's parts are added up.

        Args:
            rows: numbers of the images of the whole batch, shape (looks, batch).
            images: this process's part of them, shape (looks, part, size_px, size_px).
            stop: whether this process was asked to stop.
            save: whether this process finds that it is time to save.

        Returns:
            `stop` and `save`, each set if it is in any process.
        """
        self.schedule.set_rates(self.moving.optimiser, self.steps_done)
        self.moving.optimiser.zero_grad(set_to_none=True)
        total = torch.zeros((), device=images.device)
        parts = self.pool.parts(rows[0], self.at_once)
        for number, (numbers, columns, weight) in enumerate(parts, start=1):
            with apart(self.moving.called, last=number == len(parts)):
                loss = self.loss_of(numbers, images[:, columns]) * weight
                total += loss.detach()
                if number == len(parts):  # told while the gradients are computed
                    known = total.isfinite(), self.norm.isfinite()
                    flags = Flags(broken=~torch.stack(known), said=(stop, save))
                loss.backward()  # type: ignore[no-untyped-call]
        loss_broke, gradient_broke, stopped, due = flags.read()
        if gradient_broke:
            raise self.pool.broken("gradient", self.steps_done, self.last)
        if loss_broke:
            raise self.pool.broken("loss", self.steps_done + 1, rows)
        share = (self.steps_done + 1) / self.schedule.steps
        self.norm, self.last = self.moving.update(self.recipe.clip_norm, share), rows
        self.moving.account.losses.append(total)
        self.step += 1
        return stopped, due

    def loss_of(self, numbers: Tensor, images: Tensor) -> Tensor:
        """Return the method's loss of a part of this process's batch."""
        lesson = {}
        if self.pool.targets is not None:
            taught = self.pool.targets[numbers]
            if images.is_cuda:
                taught = taught.pin_memory()
            lesson["targets"] = taught.to(images.device, non_blocking=True)
        views = self.moving.views.of(images)
        with autocast():
            loss: Tensor = self.moving.called(*views, **lesson)
        return loss.float()

    def _refuse_broken_gradients(self) -> None:
        if not self.norm.isfinite():
            raise self.pool.broken("gradient", self.steps_done, self.last)

    def _end_epoch(self, folder: Path) -> None:
        last = self.steps_done == self.schedule.steps
        account = self.moving.account
        account.end_epoch(
            rates=self.schedule.rates(self.steps_done - 1),
            n_images=self.step * self.batch_size,
            seen=self.watch.of(self.moving, now=last),
        )
        self.epoch, self.step = self.epoch + 1, 0
        if rank() == 0:
            journal.write(account.history, folder / "events.out.tfevents.training")
            account.warn(taught=bool(self.recipe.findings))

    def save(self, folder: Path) -> None:
        """Write a checkpoint, once for all processes."""
        self._refuse_broken_gradients()
        state = self.moving.state() | {"place": (self.epoch, self.step, self.at_once)}
        if rank() == 0:
            checkpoint.save(state, folder, self.steps_done)

    def resume(self, folder: Path) -> bool:
        """Go on from the newest checkpoint in `folder`, if there is one."""
        (name, *others) = of_all(checkpoint.newest(folder))
        if any(other != name for other in others):
            raise InputError(
                f"{folder}: processes see different checkpoints; is it a folder that "
                "all of them share? Run again"
            )
        if name is None:
            return False
        state = checkpoint.read(folder / name)
        self.moving.restore(state)
        self.epoch, self.step, self.at_once = state["place"]
        log.info("going on after epoch %d, step %d", self.epoch, self.step)
        return True

"""The training loop, from the first step of one encoder to the last."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from workflow_scripts.core.device import autocast
from workflow_scripts.core.encoders import Card
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.progress import progress
from workflow_scripts.pretrain import alarm, checkpoint, randomness, room
from workflow_scripts.pretrain.gathered import processes
from workflow_scripts.pretrain.moving import Moving
from workflow_scripts.pretrain.pooled import Pool
from workflow_scripts.pretrain.processes import Flags, apart, rank
from workflow_scripts.pretrain.recipe import Recipe
from workflow_scripts.pretrain.schedules import Schedule
from workflow_scripts.pretrain.stopping import GO_ON_LATER, Stop
from workflow_scripts.pretrain.watch import Watch

SAVED_EVERY_S = 300.0  # and after each epoch

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
            InputError: if a loss is not finite.
        """
        self.moving.method.train()
        if not self.resume(folder):
            randomness.begin(self.recipe.seed + rank())
            self.at_once = room.at_once(self)
            self.moving.account.start = self._measured()
        left = self.schedule.steps - self.steps_done
        saved = clock = time.monotonic()
        for rows, images in progress(self._batches(), total=left, what="steps"):
            stopped = self.take_step(rows, images, stop)
            self.moving.account.seconds += time.monotonic() - clock
            if self.step == self.schedule.steps_per_epoch:
                self._end_epoch()
            old = time.monotonic() - saved > SAVED_EVERY_S
            if stopped or old or self.step == 0:
                self.save(folder)
                saved = time.monotonic()
            if stopped:
                raise SystemExit(GO_ON_LATER)
            clock = time.monotonic()

    def _batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield what each step to come is taken on; see `Pool.batches`."""
        while self.epoch < self.recipe.epochs:
            n_images = self.schedule.steps_per_epoch * self.batch_size
            order = self.pool.order(self.epoch, self.recipe)[:, :n_images]
            rows = order.view(len(order), -1, self.batch_size)[:, self.step :]
            yield from self.moving.account.waited_for(self.pool.batches(rows))

    def take_step(self, rows: Tensor, images: Tensor, stop: Stop) -> bool:
        """Move all weights once; the gradients of a batch's parts are added up.

        Args:
            rows: numbers of the images of the whole batch, shape (looks, batch).
            images: this process's part of them, shape (looks, part, size_px, size_px).
            stop: asked for all processes.

        Returns:
            Whether one was asked to stop.
        """
        self.schedule.set_rates(self.moving.optimiser, self.steps_done)
        self.moving.optimiser.zero_grad(set_to_none=True)
        mine = rows[0].tensor_split(processes())[rank()]
        n_parts = -(-len(mine) // self.at_once)
        total = torch.zeros((), device=images.device)
        split = mine.tensor_split(n_parts), images.tensor_split(n_parts, 1)
        for number, (numbers, part) in enumerate(zip(*split, strict=True), start=1):
            with apart(self.moving.called, last=number == n_parts):
                loss = self.loss_of(numbers, part) * (len(numbers) / len(mine))
                total += loss.detach()
                if number == n_parts:  # told while the gradients are computed
                    flags = Flags(broken=~total.isfinite(), stopped=stop.asked)
                loss.backward()  # type: ignore[no-untyped-call]
        broken, stopped = flags.read()
        if broken:
            raise self._broken(rows)
        self._update()
        self.moving.account.losses.append(total)
        return stopped

    def loss_of(self, numbers: Tensor, images: Tensor) -> Tensor:
        """Return the method's loss of a part of this process's batch."""
        lesson = {}
        if self.pool.targets is not None:
            lesson["targets"] = self.pool.targets[numbers].to(images.device)
        views = self.moving.views.of(images)
        with autocast():
            loss: Tensor = self.moving.called(*views, **lesson)
        return loss.float()

    def _broken(self, rows: Tensor) -> InputError:
        images = self.pool.named(rows.flatten().sort().values)
        return InputError(
            f"the loss is not finite at epoch {self.epoch + 1}, step {self.step + 1}, "
            f"of the images {images}; look at them, or try a lower learning_rate"
        )

    def _update(self) -> None:
        moving, most = self.moving, self.recipe.clip_norm
        if most is not None:
            norm = nn.utils.clip_grad_norm_(moving.method.parameters(), most)
            moving.account.norms.append(norm.detach())
        moving.optimiser.step()
        self.step += 1
        moving.method.after_step(self.steps_done / self.schedule.steps)
        if moving.average:
            moving.average.update(moving.method.encoder)

    def _end_epoch(self) -> None:
        last = self.steps_done - 1
        self.moving.account.end_epoch(
            rates={
                "learning_rate": self.schedule.learning_rate(last),
                "weight_decay": self.schedule.weight_decay(last),
            },
            n_images=self.step * self.batch_size,
            seen=self._measured(),
        )
        self.epoch, self.step = self.epoch + 1, 0
        if fault := self.fault():
            log.warning("collapsed? %s", fault)

    def _measured(self) -> dict[str, float]:
        return self.watch.of(self.moving.method, self.moving.encoder)

    def fault(self) -> str | None:
        """Say what is wrong with the features after the last epoch, if anything."""
        account, taught = self.moving.account, self.pool.targets is not None
        return alarm.fault(account.history, account.start, taught=taught)

    def save(self, folder: Path) -> None:
        """Write a checkpoint, once for all processes."""
        state = self.moving.state() | {"place": (self.epoch, self.step, self.at_once)}
        if rank() == 0:
            checkpoint.save(state, folder, self.steps_done)

    def resume(self, folder: Path) -> bool:
        """Go on from the newest checkpoint in `folder`, if there is one."""
        state = checkpoint.newest(folder)
        if state is None:
            return False
        self.moving.restore(state)
        self.epoch, self.step, self.at_once = state["place"]
        log.info("going on after epoch %d, step %d", self.epoch, self.step)
        return True

"""Train the network that finds lungs."""

import copy
import logging
import math
from dataclasses import dataclass

import numpy as np
import torch
from monai.losses.dice import DiceCELoss
from numpy.typing import NDArray
from torch import Tensor, nn

from workflow_scripts.core.device import autocast, device, placed
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.progress import progress
from workflow_scripts.prepare.lung_augmentation import altered
from workflow_scripts.prepare.lung_drawn import Drawn
from workflow_scripts.prepare.lung_network import OURS, build, standardised
from workflow_scripts.prepare.lung_passes import probabilities
from workflow_scripts.prepare.lung_quality import dice

CHECKED = 96  # pictures that validation looks at, at most
EVERY = 25  # steps between two looks
PATIENCE = 10  # looks without a better one, after which training ends
LEAST_GAIN = 0.0005  # Dice that counts as better
WARMUP = 20  # steps
MEMORY = 0.98  # of the mean of the weights, from step to step
WEIGHT_DECAY = 0.01

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How the lung finder is trained (config.yaml: ``prepare.lungs``)."""

    steps: int  # at most
    batch_size: int
    learning_rate: float
    datasets: list[str]  # that the examples come from, in the order of the files
    seed: int


class Training:
    """All that moves while the network is trained."""

    def __init__(self, drawn: Drawn, recipe: Recipe) -> None:
        """Take the examples, and make network and optimiser."""
        self.recipe = recipe
        self.taught = drawn.part("train")
        held = drawn.part("validation")
        some = np.linspace(0, len(held.listed) - 1, min(CHECKED, len(held.listed)))
        self.checked = held.gather(some.round().astype(np.int64))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)
            self.network = placed(build(OURS))
        self.mean = copy.deepcopy(self.network).eval()
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), recipe.learning_rate, weight_decay=WEIGHT_DECAY
        )
        self.loss = DiceCELoss(sigmoid=True)
        self.order = np.random.default_rng(recipe.seed)
        self.waiting = np.empty(0, np.int64)
        self.chance = torch.Generator(device()).manual_seed(recipe.seed)
        self.losses: list[float] = []

    def run(self) -> nn.Module:
        """Train until validation gains no more; return the best mean of weights."""
        best, best_dice, level, idle = self.mean, -1.0, -1.0, 0
        steps = range(1, self.recipe.steps + 1)
        for step in progress(steps, total=len(steps), what="steps"):
            self._step(step)
            if not len(self.checked) or (step % EVERY and step != len(steps)):
                continue
            now = self.look()
            log.info("step %d: loss %.3f, Dice %.4f", step, self._recent(), now)
            if now > best_dice:
                best, best_dice = copy.deepcopy(self.mean), now
            level, idle = (now, 0) if now > level + LEAST_GAIN else (level, idle + 1)
            if idle == PATIENCE:
                log.info("no gain in %d looks: training ends", idle)
                break
        return best

    def _step(self, step: int) -> None:
        pairs = (
            torch.from_numpy(self.taught.gather(self._rows()))
            .to(device())
            .to(torch.float32)
        )
        seen, lungs, inside = altered(
            pairs[:, 0] / 255, pairs[:, 1], OURS.side_px, self.chance
        )
        self._set_rate(step)
        with autocast():
            logits = self.network(standardised(seen, inside.bool()))
        loss: Tensor = self.loss(logits.float(), lungs[:, None])
        if not torch.isfinite(loss):
            raise InputError(
                f"prepare.lungs: the loss is {loss.item()} at step {step}; try a lower "
                "learning_rate"
            )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.losses.append(float(loss.detach()))
        self._remember(step)

    def _rows(self) -> NDArray[np.int64]:
        """Return the rows of one batch; every example comes before any comes again."""
        n = self.recipe.batch_size
        while len(self.waiting) < n:
            more = self.order.permutation(len(self.taught.listed))
            self.waiting = np.concatenate([self.waiting, more])
        rows, self.waiting = self.waiting[:n], self.waiting[n:]
        return rows

    def _set_rate(self, step: int) -> None:
        """Rise for a few steps, then fall as half a cosine."""
        share = step / (self.recipe.steps + 1)
        fall = 0.5 * (1 + math.cos(math.pi * share))
        rate = self.recipe.learning_rate * min(1.0, step / WARMUP) * fall
        for group in self.optimiser.param_groups:
            group["lr"] = rate

    @torch.no_grad()
    def _remember(self, step: int) -> None:
        """Keep the mean of the weights, in which the last steps count most."""
        new = 1 - min(MEMORY, step / (step + 10))
        pairs = zip(self.mean.parameters(), self.network.parameters(), strict=True)
        for kept, now in pairs:
            kept.lerp_(now, new)

    def look(self) -> float:
        """Return the mean Dice of the mean weights on validation patients."""
        found = probabilities(self.mean, OURS.side_px, self.checked[:, 0]) >= 0.5
        return float(dice(found, self.checked[:, 1] > 0).mean())

    def _recent(self) -> float:
        return float(np.mean(self.losses[-EVERY:]))

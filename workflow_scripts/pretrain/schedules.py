"""How the learning rate and the weight decay move, and the optimiser they move in."""

import math
from dataclasses import dataclass

import torch
from timm.optim.lars import Lars
from torch import nn
from torch.optim import Optimizer

from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain.recipe import Recipe

MOMENTUM = 0.9  # of LARS and SGD
MOST_LEFT = 0.05  # of the start, in an average that is published
MOST_WARMUP = 1 / 5  # of all steps


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Rates for each step of a run, numbered from 0."""

    recipe: Recipe
    batch_size: int
    steps_per_epoch: int

    @property
    def steps(self) -> int:
        """All steps of the run."""
        return self.recipe.epochs * self.steps_per_epoch

    def refuse_slow_average(self) -> None:
        """Refuse an average that would be published while still much of the start.

        Raises:
            InputError: saying what would be just fast enough.
        """
        left = self.recipe.average**self.steps
        if left > MOST_LEFT:
            raise InputError(
                f"average: after {self.steps} steps {left:.0%} of what is published "
                f"would be the encoder that was begun with; choose "
                f"{MOST_LEFT ** (1 / self.steps):.4g} at most, or more epochs"
            )

    def learning_rate(self, step: int) -> float:
        """Return the rate at `step`: a linear rise, then half a cosine to zero."""
        highest = self.recipe.learning_rate * self.batch_size / 256
        asked = self.recipe.warmup_epochs * self.steps_per_epoch
        warmup = max(1, round(min(asked, MOST_WARMUP * self.steps)))
        if step < warmup:
            return highest * (step + 1) / warmup
        return highest * _falling((step - warmup) / max(1, self.steps - warmup))

    def weight_decay(self, step: int) -> float:
        """Return the decay at `step`: half a cosine from the first to the last."""
        begin, end = self.recipe.weight_decay, self.recipe.weight_decay_end
        if end is None:
            return begin
        return end + (begin - end) * _falling(step / self.steps)

    def rates(self, step: int) -> dict[str, float]:
        """Return both rates of `step`, by their names in the table of training."""
        return {
            "learning_rate": self.learning_rate(step),
            "weight_decay": self.weight_decay(step),
        }

    def set_rates(self, optimiser: Optimizer, step: int) -> None:
        """Tell the `optimiser` the rates of `step`."""
        for group in optimiser.param_groups:
            group["lr"] = self.learning_rate(step)
            if group["decays"]:
                group["weight_decay"] = self.weight_decay(step)


def _falling(share: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * share))


def optimiser_of(method: nn.Module, recipe: Recipe) -> Optimizer:
    """Return the optimiser that the `recipe` names, over the weights of `method`.

    Biases and the weights of norms do not decay; LARS does not adapt to them either.
    """
    weights = [weight for weight in method.parameters() if weight.requires_grad]
    groups = [
        {
            "params": [weight for weight in weights if (weight.ndim > 1) == decays],
            "weight_decay": recipe.weight_decay * decays,
            "decays": decays,
        }
        for decays in (False, True)
    ]
    match recipe.optimiser:
        case "lars":
            return Lars(groups, lr=0.0, momentum=MOMENTUM)
        case "sgd":
            return torch.optim.SGD(groups, lr=0.0, momentum=MOMENTUM, fused=True)
        case _:
            return torch.optim.AdamW(groups, lr=0.0, fused=True)

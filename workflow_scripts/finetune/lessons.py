"""Teach a network step by step: batches, rates, and the moment that is kept.

What all protocols share that train by gradient, so that they differ in what moves only.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer

from workflow_scripts.core.device import device
from workflow_scripts.core.encoders import Card
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.warp import exposed, moved
from workflow_scripts.finetune.protocols import Fitted, Problem, Tried

State = dict[str, Tensor]

MOVES: dict[str, Any] = {"area": (0.75, 1), "ratio": (0.9, 1.1), "rotation_degrees": 7}


def lessons(
    problem: Problem, card: Card, batch_size: int, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield labelled images, as an encoder sees them, and their answers, for ever.

    Images are float32, (batch, 1, size_px, size_px), a little varied each time; answers
    are float32, see `kinds`: masks are moved as their images are.
    """
    pixels = torch.from_numpy(problem.images.pixels[problem.labelled]).to(device())
    answers = torch.from_numpy(problem.answers(problem.labelled)).to(device())
    generator = torch.Generator().manual_seed(seed)
    for rows in endless(len(pixels), batch_size, generator):
        known = answers[rows].float()
        if problem.asked.kind.PIXELS:
            same = torch.Generator()
            same.set_state(generator.get_state())
            known = (moved(known, same, **MOVES) >= 0.5).float()
        yield varied(pixels[rows], card, generator), known


def endless(n: int, batch_size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Yield rows for ever, each pass in a new order, in full batches where possible.

    A row that would be alone comes twice, varied in two ways: batch norms need two.
    """
    batch_size = min(batch_size, n)
    while True:
        order = torch.randperm(n, generator=generator)
        for start in range(0, n - batch_size + 1, batch_size):
            rows = order[start : start + batch_size].to(device())
            yield rows if len(rows) > 1 else rows.repeat(2)


def varied(pixels: Tensor, card: Card, generator: torch.Generator) -> Tensor:
    """Move and relight a little, as another exposure of the same chest would be."""
    seen = pixels.to(torch.float32) / 255
    seen = moved(seen, generator, **MOVES)
    seen = exposed(
        seen, generator, gamma=(0.85, 1.2), contrast=(0.85, 1.15), brightness=0.08
    )
    return ((seen - card.mean) / card.deviation).unsqueeze(1)


def emphasis(problem: Problem) -> Tensor:
    """Return how much more a present finding counts, shape (findings,)."""
    alike = np.ones(len(problem.asked.findings))
    given = alike if problem.emphasis is None else problem.emphasis
    return torch.from_numpy(given).float().to(device())


def learn(optimiser: Optimizer, loss: Tensor) -> None:
    """Take one step down the `loss`."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()


def set_rates(optimiser: Optimizer, rate: float, share: float) -> None:
    """Tell the optimiser its rates when `share` of the steps is done.

    A linear rise over a tenth of the steps, under half a cosine to zero. A group with
    an `lr_scale`, as timm calls it, gets that part of it.
    """
    now = rate * (min(1, 10 * share) * (1 + math.cos(math.pi * share)) / 2)
    for group in optimiser.param_groups:
        group["lr"] = now * group.get("lr_scale", 1)


def moments(problem: Problem, steps: int, checks: int) -> set[int]:
    """Return the steps after which validation is looked at; the last is among them."""
    looks = 1 if problem.at_end else checks
    return {round(steps * number / looks) for number in range(1, looks + 1)}


@dataclass(kw_only=True)
class Best:
    """The moment of a training that validation likes best so far; of equals, the first.

    Where validation cannot tell, for want of a class, the first moment of all; where
    nobody is asked, the last.
    """

    value: float = -math.inf  # of validation
    state: State = field(default_factory=dict)
    in_vain: int = 0  # looks since then
    steps: int = 0  # of the optimiser, so far

    def offer(
        self, problem: Problem, said: NDArray[Any], network: nn.Module, step: int
    ) -> None:
        """Keep what `network` is now, if what it `said` of validation is better.

        What is not finite, of a training that broke down, is the worst.
        """
        found = -math.inf
        if len(said) and np.isfinite(said).all():
            answers = problem.answers(problem.validation)
            found = problem.asked.kind.judged(said, answers)
        self.in_vain += 1
        self.steps = step
        if not self.state or not len(said) or found > self.value:
            self.value = -math.inf if math.isnan(found) else found
            state = network.state_dict().items()
            self.state = {key: value.cpu().clone() for key, value in state}
            self.in_vain = 0


def fitted(
    problem: Problem,
    candidates: Sequence[float],
    train: Callable[[Problem, Sequence[float]], list[Best]],
    name: str,
) -> Fitted:
    """Return the best of the `candidates`, and how each did; of equals, the first.

    With folds, candidates are judged by the mean over the folds at the end of training,
    and the chosen one is trained again on all labelled images.

    Args:
        problem: what may be learnt from.
        candidates: settings to be tried.
        train: trains with each of some settings; the best moment of each.
        name: of the setting.

    Raises:
        InputError: if training broke down at every one.
    """
    runs = [train(part, candidates) for part in problem.parts() or [problem]]
    each = [[run[place] for run in runs] for place in range(len(candidates))]
    values = [_mean([best.value for best in bests]) for bests in each]
    chosen = int(np.argmax(values))
    final = each[chosen][0]
    if problem.folds:
        (final,) = train(problem.whole(), [candidates[chosen]])
        each[chosen].append(final)
    if not all(bool(torch.isfinite(value).all()) for value in final.state.values()):
        raise InputError(
            "training broke down, weights are not finite; choose lower learning_rates"
        )
    tried = [
        Tried(
            finding="all",
            candidate=f"{name} {candidate:g}",
            validation_score=value if math.isfinite(value) else math.nan,
            chosen=place == chosen,
            steps=sum(best.steps for best in each[place]),
        )
        for place, (candidate, value) in enumerate(zip(candidates, values, strict=True))
    ]
    weights = {key: value.numpy() for key, value in final.state.items()}
    return Fitted(weights=weights, tried=tried)


def _mean(values: list[float]) -> float:
    """Return the mean of those that could be told; -inf if none."""
    told = [value for value in values if math.isfinite(value)]
    return float(np.mean(told)) if told else -math.inf

"""Protocols: ways to train a classifier on an encoder; one file each, loaded by name.

A protocol file holds

``fit(problem, options, seed) -> Fitted``
    train on the drawn labels, choose on others
``score(weights, images, asked) -> said``
    what is answered of each image; see `kinds`
``assembled(weights, encoder, asked) -> Module``
    one network from images to logits, to be handed over; weights are named as in it,
    and leave out an encoder that stays as it is

and may hold

``KEEPS_IMAGES = True``
    in place of `assembled`: the weights hold what single images are like, and stay here
``PIXELS = True``
    it can answer with pictures; others are not asked
``fit_each(problems, options)``
    yields what `fit` returns, one for each of many problems that are cheaper together;
    they differ in the labels drawn only. One job then solves those of all budgets and
    draws (`finetune_probe`), and what comes of one must not depend on the others.

A file imports what is heavy inside its functions: a probe should start in a second.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.finetune.kinds import Floats, Kind

if TYPE_CHECKING:
    from torch import nn

    from workflow_scripts.core.encoders import Card

Rows = NDArray[np.int64]


@dataclass(kw_only=True)
class Images:
    """Some images, as an encoder's features and as pixels."""

    features: NDArray[np.float32]  # (images, width)
    read_pixels: Callable[[], NDArray[np.uint8]]  # a probe never calls it
    read_masks: Callable[[], NDArray[np.uint8]]  # only where the answer is a picture
    encoder: Path
    card: Path

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """The pixels, shape (images, size_px, size_px); read when first asked for."""
        return self.read_pixels()

    @cached_property
    def masks(self) -> NDArray[np.uint8]:
        """What was drawn in each image: 0, 1; shape as that of the pixels."""
        return self.read_masks()

    def load_encoder(self) -> "tuple[nn.Module, Card]":
        """Return the encoder behind the features, and its card."""
        from workflow_scripts.core import encoders

        return encoders.load(self.encoder, self.card)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a task asks of every image."""

    kind: Kind
    findings: list[str]


@dataclass(kw_only=True)
class Problem:
    """What one classifier may learn from: nothing here is of the test split."""

    images: Images
    asked: Asked
    targets: Floats  # (images, findings): 1, 0, between if uncertain, NaN unknown
    labelled: Rows  # whose labels were drawn
    validation: Rows  # of the validation split, to choose by; none if there are folds
    training: Rows  # of the training split, labels drawn or not
    folds: list[tuple[Rows, Rows]] = field(default_factory=list)  # taught, judged
    emphasis: Floats | None = None  # of present findings, (findings,); None: all alike
    at_end: bool = False  # judge a training at its end, and not at its best moment

    @property
    def trials(self) -> list[tuple[Rows, Rows]]:
        """Rows that teach, and rows that judge the settings: one pair, or folds."""
        return self.folds or [(self.labelled, self.validation)]

    def parts(self) -> "list[Problem]":
        """Return a problem for each fold."""
        return [
            replace(self, labelled=taught, validation=judged, folds=[], at_end=True)
            for taught, judged in self.folds
        ]

    def whole(self) -> "Problem":
        """Return the problem once folds have chosen: all labels teach, none judges."""
        return replace(self, validation=self.validation[:0], at_end=True)

    def answers(self, rows: Rows) -> NDArray[Any]:
        """Return what there is to be answered of the images at `rows`."""
        known = self.images.masks if self.asked.kind.PIXELS else self.targets
        found: NDArray[Any] = known[rows]
        return found


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One setting that was tried."""

    finding: str  # or `all`
    candidate: str
    validation_score: float  # of the images that judge; NaN where they cannot tell
    chosen: bool
    steps: int = 0  # of the optimiser, in all its trainings; 0: solved without


@dataclass(kw_only=True)
class Fitted:
    """A classifier's weights, and what was tried to find them."""

    weights: dict[str, NDArray[Any]]
    tried: list[Tried] = field(default_factory=list)


def load(name: str) -> ModuleType:
    """Return the protocol file called `name`.

    Raises:
        ModuleNotFoundError: if there is no such file.
    """
    return import_module(f"{__name__}.{name}")


def judged_each(said: Floats, problem: Problem, rows: Rows) -> Floats:
    """Return what the images at `rows` say of each setting and finding by itself.

    Args:
        said: by each setting, shape (settings, rows, findings).
        problem: whose answers judge.
        rows: of the images.

    Returns:
        Shape (settings, findings); NaN where they cannot tell.
    """
    kind, answers = problem.asked.kind, problem.targets[rows]
    columns = range(answers.shape[1])
    found = [
        [kind.judged(each[:, [column]], answers[:, [column]]) for column in columns]
        for each in said
    ]
    return np.array(found)


def mean_of_known(trials: Sequence[Floats]) -> Floats:
    """Return the mean over `trials` of each value, of those that could be told."""
    values = np.stack(trials)
    known = ~np.isnan(values)
    total, count = np.where(known, values, 0).sum(axis=0), known.sum(axis=0)
    mean: Floats = np.full(total.shape, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean

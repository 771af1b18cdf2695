"""Protocols: ways to train a classifier on an encoder; one file each, loaded by name.

A protocol file holds two functions:

``fit(problem, options, seed) -> Fitted``   train on the drawn labels, choose on the
                                            validation split
``score(weights, images) -> scores``        chance of each finding, (images, findings)

and, where many problems are cheaper together than one by one,

``fit_each(problems, options)``             yields what `fit` returns, one for each

A file imports what is heavy inside its functions: a probe should start in a second.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import nn

    from workflow_scripts.core.encoders import Card

Floats = NDArray[np.float64]


@dataclass(kw_only=True)
class Images:
    """Some images, as an encoder's features and as pixels."""

    features: NDArray[np.float32]  # (images, width)
    read_pixels: Callable[[], NDArray[np.uint8]]  # a probe never calls it
    encoder: Path
    card: Path

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """The pixels, shape (images, size_px, size_px); read when first asked for."""
        return self.read_pixels()

    def load_encoder(self) -> "tuple[nn.Module, Card]":
        """Return the encoder behind the features, and its card."""
        from workflow_scripts.core import encoders

        return encoders.load(self.encoder, self.card)


@dataclass(kw_only=True)
class Problem:
    """What one classifier may learn from: nothing here is of the test split."""

    images: Images
    targets: Floats  # (images, findings): 1, 0, NaN unknown
    findings: list[str]
    labelled: NDArray[np.int64]  # rows whose labels were drawn
    validation: NDArray[np.int64]  # rows of the validation split
    training: NDArray[np.int64]  # rows of the training split, labels drawn or not


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One setting that was tried."""

    finding: str  # or `all`
    candidate: str
    validation_auroc: float
    chosen: bool


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


def macro_auroc(targets: Floats, scores: Floats) -> float:
    """Return the mean AUROC over the findings that have both classes; else NaN.

    Args:
        targets: 1, 0, NaN unknown; shape (images, findings).
        scores: same shape.
    """
    from sklearn.metrics import roc_auc_score

    values = []
    for target, score in zip(targets.T, scores.T, strict=True):
        known = ~np.isnan(target)
        if len(np.unique(target[known])) == 2:
            values.append(roc_auc_score(target[known], score[known]))
    return float(np.mean(values)) if values else float("nan")

"""Kinds of task: what is asked of an image; one file each, loaded by name.

Most ask questions with yes or no for an answer, one for each finding. Their answers are
targets: 1, 0, NaN unknown, shape (images, findings). `segmentation` asks for a picture:
its answers are masks, 0 and 1, shape (images, size_px, size_px).

A kind file holds

``PIXELS``
    whether the answer is a picture
``network(encoder, width, n_findings) -> Module``
    images -> logits: the encoder, whose features have that width, under what answers
    and has nothing to say yet
``loss(logits, answers, emphasis) -> Tensor``
    what training makes small; emphasis is how much more a present finding counts than
    an absent one, shape (findings,), all 1 for alike
``said(logits) -> Tensor``
    chances of the findings, or a mask
``scored(said, answers) -> scores``
    what predictions hold, shape (images, findings)
``judged(said, answers) -> float``
    what validation likes, higher is better; NaN where it cannot tell

and, where answers are yes or no,

``begin_as(network, weight, bias, centre) -> None``
    let the network begin as linear probes, one for each finding, whose weights have the
    shape (findings, width); centre is the mean of the features, shape (width,)
``coherent(chances) -> chances``
    of questions answered one by one, made to fit together, shape (images, findings)
``together(logits) -> logits``
    the same inside a network: takes logits of questions answered one by one, and gives
    those of which `said` makes what `coherent` makes of their sigmoids

A file imports what is heavy inside its functions: a probe should start in a second.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor, nn

Floats = NDArray[np.float64]


class Kind(Protocol):
    """What every file of this folder offers."""

    PIXELS: bool

    def network(self, encoder: "nn.Module", width: int, n_findings: int) -> "nn.Module":
        """Return the encoder under what answers."""

    def loss(self, logits: "Tensor", answers: "Tensor", emphasis: "Tensor") -> "Tensor":
        """Return what training makes small, a scalar."""

    def said(self, logits: "Tensor") -> "Tensor":
        """Return chances of the findings, or a mask."""

    def scored(self, said: NDArray[Any], answers: NDArray[Any]) -> Floats:
        """Return what predictions hold, (images, findings)."""

    def judged(self, said: NDArray[Any], answers: NDArray[Any]) -> float:
        """Return what validation likes, higher is better; NaN where it cannot tell."""

    def begin_as(
        self, network: "nn.Module", weight: Floats, bias: Floats, centre: Floats
    ) -> None:
        """Let `network` begin as linear probes."""

    def coherent(self, chances: Floats) -> Floats:
        """Return chances that fit together, (images, findings)."""

    def together(self, logits: "Tensor") -> "Tensor":
        """Return logits that fit together, (images, findings)."""


def load(name: str) -> Kind:
    """Return the kind file called `name`.

    Raises:
        ModuleNotFoundError: if there is no such file.
    """
    return cast(Kind, import_module(f"{__name__}.{name}"))

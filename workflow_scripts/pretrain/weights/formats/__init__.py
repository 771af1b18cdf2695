"""Formats of brought weights, one file each, loaded by name.

A format is a project's way to put its encoder into a file. Its module holds two names:

``PIXELS``          what its networks see of an image; None where it does not say
``place(tensors)``  what stands before the names of the encoder's tensors, in the file
                    as `weights.reading` tells it; None if it is not of this format

Where a file holds a network and its slow copy, `place` chooses the one that the paper
evaluates, and its docstring says which that is. A format that a user asks for by name
is taken even where `place` finds nothing: the encoder may lie there without any sign.
"""

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from torch import Tensor

# The surest signs first; `plain` is what no other format recognises.
ORDER = (
    "torchxrayvision",
    "moco_v3",
    "moco",
    "dinov2",
    "dino",
    "mae",
    "solo_learn",
    "lightly",
    "torchvision",
)


@dataclass(frozen=True, kw_only=True)
class Pixels:
    """What a network sees of an image with pixels in [0, 1], one number a channel."""

    mean: tuple[float, ...]  # subtracted
    deviation: tuple[float, ...]  # and then divided by


IMAGENET = Pixels(mean=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225))


def load(name: str) -> ModuleType:
    """Return the format called `name`.

    Raises:
        ModuleNotFoundError: if there is no such file.
    """
    return import_module(f"{__name__}.{name}")


def recognised(tensors: dict[str, Tensor]) -> str:
    """Return the name of the format of a file with these `tensors`."""
    found = (name for name in ORDER if load(name).place(tensors) is not None)
    return next(found, "plain")


def before(tensors: dict[str, Tensor], tail: str) -> list[str]:
    """List what stands before `tail` in the names that end in it, shortest first."""
    found = {name.removesuffix(tail) for name in tensors if name.endswith(tail)}
    return sorted(found, key=lambda place: (len(place), place))


def through(tensors: dict[str, Tensor], word: str) -> str | None:
    """Return the first name up to `word` and with it; None if no name has it."""
    for name in tensors:
        head, found, _ = name.partition(word)
        if found:
            return head + found
    return None


def beginning(tensors: dict[str, Tensor], places: tuple[str, ...]) -> str | None:
    """Return the first of `places` that a name begins with; None if there is none."""
    for place in places:
        if any(name.startswith(place) for name in tensors):
            return place
    return None

"""Pretraining methods, one per file; the file's name is the method's name.

Methods are found by name, not listed: an import here would put every method's code
behind every encoder, and one edit would re-run them all.

A method file holds two names:

``Options``  a frozen dataclass: the paper's knobs, the paper's values.
``Method``   a ``torch.nn.Module`` built as ``Method(encoder, shape, options)``:

    views              how many augmented views of each image it wants
    local_views        how many smaller views besides (multi-crop); most want none
    forward(*views)    tensors (batch, 1, size_px, size_px), `views` of them, then
                       `local_views` of (batch, 1, side, side), side < size_px and
                       whole patches of a ViT -> scalar loss
    after_step(share)  called after each step; share of training done, in (0, 1]
    encoder            what is kept when training ends
    after these, what a class may leave out if it is not so:
    transformer_only   True where only a ViT will do
    partners           True where the second and later views shall be of another image
                       of the same patient
    taught             True where forward also takes `targets`: float32 (batch,
                       findings), 1, 0, NaN unknown

`views` and `local_views` stand on the class; where options decide, the instance's
count. Before the first step a method is as at share 0. With several processes each has
an equal part of the batch, and the loop averages gradients (`pretrain.gathered`).
"""

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a method must know of the encoder it is built around."""

    width: int  # features of an image
    map_width: int  # channels of the last feature map
    size_px: int  # side of the images
    findings: int = 0  # that a taught method learns
    present_shares: tuple[float, ...] = ()  # of each finding, among the known labels


def load(name: str) -> ModuleType:
    """Return the method file called `name`.

    Raises:
        ModuleNotFoundError: if there is no such file.
    """
    return import_module(f"{__name__}.{name}")

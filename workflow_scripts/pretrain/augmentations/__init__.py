"""Augmentation policies, one per file; the file's name is the policy's name.

A policy file holds one function, and two names more if the policy has local views:

``augment(images, generator, view)``   uint8 (batch, size_px, size_px), on any device
                                       -> float32 in [0, 1], (batch, size_px, size_px);
                                       `view` is the view's number, from 0
``LOCAL_SIDE``                         side of a local view over that of the image
``local(images, generator, side_px)``  the same images
                                       -> float32 in [0, 1], (batch, side_px, side_px)

One call makes one view of every image. Every random number is from `generator`, on its
device; nothing waits for a GPU. An image's view depends on `generator` and on the
image's place in the batch, on no other image.

`radiograph` is the default. The papers' own policies are taken to grey images: of
colour jitter, brightness and contrast are left; saturation, hue and random grey change
nothing in a grey image, so leaving them out is exact. Flip, solarising and small crops
stay where the paper has them. Between pixels all are bilinear, where some papers are
bicubic. Widths of blurs, which papers give for images of 224 px, go with the side of
the images; a blur's kernel ends at three times the widest, and beyond a border the
image is reflected.
"""

from importlib import import_module
from types import ModuleType


def load(name: str) -> ModuleType:
    """Return the policy file called `name`.

    Raises:
        ModuleNotFoundError: if there is no such file.
    """
    return import_module(f"{__name__}.{name}")

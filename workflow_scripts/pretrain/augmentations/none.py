"""The picture as it is.

For tasks that need it upright and whole (rotation), and as a control. A method that
compares two views has nothing to learn from it.
"""

import torch
from torch import Tensor


def augment(images: Tensor, generator: torch.Generator, view: int) -> Tensor:
    """Return each image unchanged; see the package for shapes and ranges."""
    return images.to(torch.float32).div_(255)

"""DINO, https://github.com/facebookresearch/dino.

Caron et al. 2021, https://arxiv.org/abs/2104.14294. The teacher is evaluated: it is
better than the student all through training (figure 6).
"""

from torch import Tensor

from workflow_scripts.pretrain.weights.formats import IMAGENET, beginning

PIXELS = IMAGENET
PLACES = (
    *("teacher/module.backbone.", "teacher/backbone.", "teacher/"),
    *("student/module.backbone.", "student/backbone.", "student/"),
)


def place(tensors: dict[str, Tensor]) -> str | None:
    """Return where the teacher is, or the student if it is alone, None if neither."""
    return beginning(tensors, PLACES)

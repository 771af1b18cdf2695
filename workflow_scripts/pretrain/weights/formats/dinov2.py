"""DINOv2, with and without registers, https://github.com/facebookresearch/dinov2.

Oquab et al. 2023, https://arxiv.org/abs/2304.07193; Darcet et al. 2023,
https://arxiv.org/abs/2309.16588. The teacher is published; of a training's checkpoint,
the student is left.
"""

from torch import Tensor

from workflow_scripts.pretrain.weights.formats import IMAGENET, before

PIXELS = IMAGENET
SCALES = ("blocks.0.ls1.gamma", "blocks.0.0.ls1.gamma")  # with chunks of blocks


def place(tensors: dict[str, Tensor]) -> str | None:
    """Return where the teacher is: a mask token, and scales on the blocks' outputs."""
    found = [
        place
        for place in before(tensors, "mask_token")
        if any(f"{place}{name}" in tensors for name in SCALES)
    ]
    teachers = [place for place in found if "teacher" in place]
    return next(iter(teachers or found), None)

"""Lightly's examples, https://github.com/lightly-ai/lightly.

Their encoder is torchvision's ResNet without its last layer, as `nn.Sequential` of its
children: `backbone.0.weight`, `backbone.4.0.conv1.weight`; or timm's transformer,
called `vit`. Of DINO's two networks the teacher is taken, as the paper does; of the
others' the one that is no momentum copy.
"""

from torch import Tensor

from workflow_scripts.pretrain.weights.formats import IMAGENET, before

PIXELS = IMAGENET
STEM, BLOCK = "0.weight", "4.0.conv1.weight"  # of a ResNet's children
VIT = "backbone.vit."
NAMES = ("teacher_backbone", "backbone", "", "student_backbone")


def place(tensors: dict[str, Tensor]) -> str | None:
    """Return where children of a ResNet are counted or a `vit` is, None if nowhere."""
    found = [p for p in before(tensors, BLOCK) if f"{p}{STEM}" in tensors]
    found += [f"{p}{VIT}" for p in before(tensors, f"{VIT}cls_token")]
    return min(found, key=_rank, default=None)


def _rank(place: str) -> int:
    """Say how late a place comes by the name of its network."""
    network = (
        place.removesuffix("vit.").rstrip(".").replace("/", ".").rpartition(".")[2]
    )
    return NAMES.index(network) if network in NAMES else len(NAMES)

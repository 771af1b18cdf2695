"""solo-learn, https://github.com/vturrisi/solo-learn.

da Costa et al. 2022, https://jmlr.org/papers/v23/21-1155.html. The online network is
evaluated, of methods with a momentum network as well; that one is left.
"""

from torch import Tensor

from workflow_scripts.pretrain.weights.formats import IMAGENET, beginning

PIXELS = IMAGENET
PLACES = ("state_dict/backbone.", "state_dict/encoder.")  # now, and before 2022


def place(tensors: dict[str, Tensor]) -> str | None:
    """Return where the network is that a classifier watches, None if none is."""
    if "state_dict/classifier.weight" not in tensors:
        return None
    return beginning(tensors, PLACES)

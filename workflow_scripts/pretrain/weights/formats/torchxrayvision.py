"""TorchXRayVision's DenseNets and ResNets, https://github.com/mlmed/torchxrayvision.

Cohen et al. 2022, https://arxiv.org/abs/2111.00595. They see one channel with pixels in
[-1024, 1024]; of pixels in [0, 1] that is mean 1/2 and deviation 1/2048. Its files are
whole models; export their state dict.
"""

from torch import Tensor

from workflow_scripts.pretrain.weights.formats import Pixels, before

PIXELS = Pixels(mean=(0.5,), deviation=(1 / 2048,))
FINDINGS = 18  # that all its classifiers have


def place(tensors: dict[str, Tensor]) -> str | None:
    """Return where a network stands with their thresholds or 18 findings, or None."""
    for place in before(tensors, "op_threshs"):
        inner = f"{place}model."  # of their ResNets
        return inner if any(name.startswith(inner) for name in tensors) else place
    for place in before(tensors, "features.conv0.weight"):
        grey = tensors[f"{place}features.conv0.weight"].shape[1] == 1
        last = tensors.get(f"{place}classifier.weight")
        if grey and last is not None and len(last) == FINDINGS:
            return place
    return None

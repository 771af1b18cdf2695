"""Write a classifier as ONNX, and see that onnxruntime says of images what torch says.

The graph takes grey values from 0 to 1 of prepared images, float32, shape (images, 1,
size_px, size_px), normalises them itself, and gives logits, scores and calibrated
chances.
"""

import copy
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workflow_scripts.core.encoders import Card
from workflow_scripts.core.errors import InputError
from workflow_scripts.finetune.calibration import LEAST, Calibration
from workflow_scripts.finetune.kinds import Kind

IMAGES, OUTPUTS = "images", ["logits", "scores", "calibrated"]
TOLERANCE = 1e-3  # of chances, and of logits as shares of the largest of them or 1
COMPARED = ["logits_relative", "scores", "calibrated"]
GENERATED = 8  # images
BATCH = 16

Pixels = NDArray[np.uint8]


class Whole(nn.Module):
    """From grey values to logits, scores and calibrated chances."""

    slope: Tensor
    intercept: Tensor

    def __init__(
        self,
        network: nn.Module,
        card: Card,
        kind: Kind,
        lines: list[Calibration | None],
    ) -> None:
        """Put normalisation before the `network` and calibration behind it.

        Args:
            network: takes normalised images.
            card: of its encoder.
            kind: makes scores of logits.
            lines: of each finding; where there is none the chance is NaN.
        """
        super().__init__()
        self.network = (
            copy.deepcopy(network).cpu().to(memory_format=torch.contiguous_format)
        )
        self.mean, self.deviation, self.kind = card.mean, card.deviation, kind
        slopes = [line.slope if line else float("nan") for line in lines]
        intercepts = [line.intercept if line else float("nan") for line in lines]
        self.register_buffer("slope", torch.tensor(slopes))
        self.register_buffer("intercept", torch.tensor(intercepts))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits, scores and chances, each of shape (images, findings)."""
        logits = self.network((images - self.mean) / self.deviation)
        scores = self.kind.said(logits.double())
        within = scores.clamp(LEAST, 1 - LEAST)
        odds = torch.log(within / (1 - within))
        chances = torch.sigmoid(self.slope * odds + self.intercept)
        return logits, scores.float(), chances.float()


def write(whole: Whole, size_px: int, path: Path) -> None:
    """Write `whole` for images of side `size_px`, any number of them."""
    for noisy in ("onnxscript", "onnx_ir"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter, about its own parts
        torch.onnx.export(
            whole.eval(),
            (torch.zeros(2, 1, size_px, size_px),),
            path,
            input_names=[IMAGES],
            output_names=OUTPUTS,
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def parity(whole: Whole, pixels: Pixels, seed: int, path: Path) -> dict[str, Any]:
    """Return how far onnxruntime and torch are apart, on `pixels` and generated images.

    Raises:
        InputError: if it is more than the tolerance.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(
        path, options, providers=["CPUExecutionProvider"]
    )
    kinds = {"generated": generated(pixels.shape[1], seed), "validation": pixels}
    found = {kind: _furthest(whole, session, images) for kind, images in kinds.items()}
    apart = max(max(one[name] for name in COMPARED) for one in found.values())
    if not apart <= TOLERANCE:  # NaN is no agreement either
        raise InputError(
            f"onnx: onnxruntime and torch differ by {apart:.2g}, more than "
            f"{TOLERANCE}; nothing is exported: please tell us of the backbone"
        )
    return {
        "max_difference": found,
        "tolerance": TOLERANCE,
        "tolerance_is_of": COMPARED,
        "images": {kind: len(images) for kind, images in kinds.items()},
        "onnxruntime": onnxruntime.__version__,
        "torch": str(torch.__version__),
    }


def generated(size_px: int, seed: int) -> Pixels:
    """Return noise, even grey and ramps: what no chest looks like must agree too."""
    generator = np.random.default_rng(seed)
    shape = (GENERATED, size_px, size_px)
    images = generator.integers(0, 256, shape).astype(np.uint8)
    images[0], images[1] = 0, 255
    images[2] = np.linspace(0, 255, size_px).astype(np.uint8)
    images[3] = images[2].T
    return images


@torch.no_grad()
def _furthest(whole: Whole, session: Any, pixels: Pixels) -> dict[str, float]:  # noqa: ANN401
    """Return the largest difference of each output; NaN if only one of them knows."""
    furthest, largest = dict.fromkeys(OUTPUTS, 0.0), 1.0
    for start in range(0, len(pixels), BATCH):
        images = pixels[start : start + BATCH, None].astype(np.float32) / 255
        theirs = dict(zip(OUTPUTS, session.run(OUTPUTS, {IMAGES: images}), strict=True))
        ours = dict(zip(OUTPUTS, whole(torch.from_numpy(images)), strict=True))
        largest = max(largest, float(ours["logits"].abs().max()))
        for name in OUTPUTS:
            one, other = ours[name].numpy(), theirs[name]
            unknown = np.isnan(one) & np.isnan(other)
            apart = np.where(unknown, 0, np.abs(one - other)).max()
            furthest[name] = float(np.maximum(furthest[name], apart))
    return {**furthest, "logits_relative": furthest["logits"] / largest}

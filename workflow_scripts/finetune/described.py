"""What an export says of its classifier: thresholds, calibration, how it is used."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import nn

from workflow_scripts.core.encoders import Card
from workflow_scripts.finetune import calibration, onnx_graph
from workflow_scripts.finetune.kinds.multilabel import judged as macro_auroc

SCORES = {
    "multilabel": "chance of each finding by itself: sigmoid(logit)",
    "multiclass": "chance of each class, all of an image sum to 1: softmax(logits); of "
    "linear probes the sigmoids of what they say, over their sum",
    "ordinal": "chance that an image is at least at each level, the lowest left out: "
    "sigmoid(logit); of linear probes the nearest that do not rise from level to level",
}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The validation images of a task."""

    images: pd.DataFrame
    targets: NDArray[np.float64]  # (images, findings): 1, 0, NaN unknown
    pixels: NDArray[np.uint8]


def judged(
    findings: list[str],
    sensitivity: float,
    seen: Seen,
    scores: NDArray[np.float64],
    lines: list[calibration.Calibration | None],
) -> list[dict[str, Any]]:
    """Return what validation says of each finding, in the order of the outputs."""
    patients = seen.images["patient_id"].to_numpy()
    told = []
    for column, finding in enumerate(findings):
        target, score = seen.targets[:, column], scores[:, column]
        cuts = {
            "youden": calibration.youden(score, target),
            "sensitive": calibration.sensitive(score, target, sensitivity),
        }
        line = lines[column]
        told.append(
            {
                "finding": finding,
                "thresholds": {
                    k: asdict(cut) if cut else None for k, cut in cuts.items()
                },
                "sensitivity_asked": sensitivity,
                "calibration": asdict(line) if line else None,
                "validation": {
                    "auroc": known(macro_auroc(score[:, None], target[:, None])),
                    "n_present": int((target == 1).sum()),
                    "n_absent": int((target == 0).sum()),
                    "n_patients": len(np.unique(patients[~np.isnan(target)])),
                },
            }
        )
    return told


def network(whole: nn.Module, card: Card, kind: str) -> dict[str, Any]:
    """Return how the network is built and read."""
    layers = dict(whole.named_children())
    del layers["encoder"]
    return {
        "encoder": "timm.create_model(**encoder.timm)",
        **{name: str(layer) for name, layer in layers.items()},
        "input": f"(grey / 255 - {card.mean}) / {card.deviation}, float32, "
        "shape (images, 1, size_px, size_px); air is dark",
        "score": SCORES[kind],
        "present": "score >= threshold",
        "calibrated": "sigmoid(slope * log(score / (1 - score)) + intercept), for each "
        "finding by itself",
    }


def graph(size_px: int) -> dict[str, Any]:
    """Return what the ONNX graph takes and gives."""
    return {
        "input": {onnx_graph.IMAGES: ["images", 1, size_px, size_px]},
        "of": "grey / 255 of prepared images, float32; the graph normalises them",
        "outputs": onnx_graph.OUTPUTS,
    }


def known(value: float) -> float | None:
    """Return `value`, or what JSON has for NaN."""
    return None if np.isnan(value) else float(value)

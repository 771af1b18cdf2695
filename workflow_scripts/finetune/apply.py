"""Score new images with an exported classifier: one row for each image and finding."""

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workflow_scripts.core import entry
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.tables.finetune import APPLIED
from workflow_scripts.core.tables.ingest import IMAGES, LEDGER
from workflow_scripts.finetune import calibration, classifier
from workflow_scripts.finetune.aligned import pixels_of, places_of
from workflow_scripts.finetune.calibration import Calibration

KNOWN = ["image_id", "patient_id", "file_id"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Which images, and how large they are."""

    dataset: str
    size_px: int


def main(
    *,
    weights: Input,
    description: Input,
    ledger: Input,
    images: Input,
    stores: Inputs,
    rows: Input,
    recipe: Recipe,
    predictions: Output,
) -> None:
    """Write the `predictions` of all accepted images; the ledger holds the others."""
    export = classifier.load(weights, description)
    accepted = IMAGES.read(images).sort_values("image_id", ignore_index=True)
    places = places_of([recipe.dataset], stores, [rows])
    known = accepted.assign(dataset=recipe.dataset)
    pixels = pixels_of(known, places, recipe.size_px)
    scores = classifier.scores_of(export.network, export.card, pixels, export.asked)
    likely = most_likely(scores, export.told["kind"])
    said = [
        said_of(accepted[KNOWN], scores[:, column], finding).assign(
            most_likely=likely[:, column]
        )
        for column, finding in enumerate(export.told["findings"])
    ]
    APPLIED.write(pd.concat(said, ignore_index=True), predictions)
    statuses = LEDGER.read(ledger)["status"].value_counts().to_dict()
    log.info("%d images scored; of the files, %s", len(accepted), statuses)


def said_of(
    images: pd.DataFrame, scores: NDArray[np.float64], finding: dict[str, Any]
) -> pd.DataFrame:
    """Return the rows of one finding.

    Args:
        images: columns image_id, patient_id, file_id.
        scores: of each of them.
        finding: what the export says of it.
    """
    line = finding["calibration"]
    return images.assign(
        finding=finding["finding"],
        score=scores,
        calibrated=calibration.calibrated(
            scores, Calibration(**line) if line else None
        ),
        **{
            f"above_{kind}": _above(scores, cut)
            for kind, cut in finding["thresholds"].items()
        },
    )


def most_likely(scores: NDArray[np.float64], kind: str) -> NDArray[np.object_]:
    """Return 1 for the class with the highest score of each image, else 0.

    Args:
        scores: shape (images, findings).
        kind: of the task.

    Returns:
        Shape (images, findings); missing unless just one of the findings is there.
    """
    found = np.full(scores.shape, pd.NA, object)
    if kind == "multiclass":
        found[:] = 0
        found[np.arange(len(scores)), scores.argmax(axis=1)] = 1
    return found


def _above(scores: NDArray[np.float64], cut: dict[str, float] | None) -> Any:  # noqa: ANN401
    """Return 1 from the threshold on, else 0; missing where there is none."""
    if cut is None:
        return pd.array([pd.NA] * len(scores), dtype="Int64")
    return pd.array((scores >= cut["threshold"]).astype(np.int64), dtype="Int64")


if __name__ == "__main__":
    entry.run(main)

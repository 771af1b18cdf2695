"""Hand one classifier over: weights, ONNX, and all that one must know to use it.

Of the draws of a cell the one that validation likes best is exported. Validation alone
chooses the thresholds and calibrates; no test row is read.
"""

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workflow_scripts.core import encoders, entry, provenance
from workflow_scripts.core.encoders import Card
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.finetune import SELECTION
from workflow_scripts.core.tables.prepare import TARGETS, budget_of
from workflow_scripts.finetune import (
    calibration,
    cells,
    classifier,
    described,
    kinds,
    onnx_graph,
    protocols,
)
from workflow_scripts.finetune.aligned import images_of, matrix, pixels_of, places_of
from workflow_scripts.finetune.protocols import Asked

CHECKED = 64  # validation images that onnxruntime scores too
CHOSEN = {  # by whom the settings were
    "validation": "Thresholds, calibration, the setting and the draw were all chosen "
    "on the same validation patients, so they look better there than they are.",
    "folds": "The setting and the draw were chosen by folds of the drawn patients, and "
    "each draw has its own: that one is better may be luck. Thresholds and calibration "
    "were chosen on the validation patients, whose labels the budget does not count.",
}
NOTE = "Elsewhere findings may be rarer: calibrate anew. No medical device."

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Which classifier it is, and how its images were prepared."""

    task: str
    encoder: str
    protocol: str
    budget: str
    kind: str
    findings: list[str]
    uncertain: str
    dataset: str
    preprocessing: dict[str, Any]
    size_px: int
    sensitivity: float  # of the second threshold
    seed: int


def main(
    *,
    encoder: Input,
    card: Input,
    development: Input,
    classifiers: Input,
    selection: Input,
    stores: Inputs,
    rows: Input,
    lung_weights: Inputs,
    recipe: Recipe,
    weights: Output,
    onnx: Output,
    description: Output,
) -> None:
    """Write `weights`, the same as `onnx`, and their `description`."""
    draw = liked_best(SELECTION.read(selection))
    model, known = encoders.load(encoder, card)
    asked = Asked(kind=kinds.load(recipe.kind), findings=recipe.findings)
    assembled = protocols.load(recipe.protocol).assembled
    network = assembled(dict(cells.read(classifiers))[draw["draw"]], model, asked)
    seen = validation(TARGETS.read(development), stores, rows, recipe)
    scores = classifier.scores_of(network, known, seen.pixels, asked)
    if not np.isfinite(scores).all():
        raise InputError("a score is not finite: there is nothing to hand over")
    lines = calibration.of_findings(scores, seen.targets)
    classifier.save(network, weights)
    whole = onnx_graph.Whole(network, known, asked.kind, lines)
    onnx_graph.write(whole, recipe.size_px, onnx)
    alike = onnx_graph.parity(whole, seen.pixels[:CHECKED], recipe.seed, onnx)
    log.info("onnxruntime and torch differ by %s", alike["max_difference"])
    wanted = recipe.findings, recipe.sensitivity
    told = {
        **_about(recipe, draw, known),
        "findings": described.judged(*wanted, seen, scores, lines),
        "preprocessing": recipe.preprocessing,
        "network": described.network(network, known, recipe.kind),
        "onnx": {**described.graph(recipe.size_px), "parity": alike},
        "encoder": asdict(known),
        "sha256": _digests(weights, onnx, encoder, lung_weights),
    }
    description.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    weights.chmod(description.stat().st_mode)  # safetensors lets nobody else read them


def _digests(
    weights: Path, onnx: Path, encoder: Path, lung_weights: list[Path]
) -> dict[str, Any]:
    """Return the SHA-256 of each file, by the name it is published under."""
    return {
        "classifier.safetensors": provenance.sha256(weights),
        "classifier.onnx": provenance.sha256(onnx),
        "encoder.safetensors": provenance.sha256(encoder),
        "lung_finder": [provenance.sha256(path) for path in lung_weights],
    }


def liked_best(selection: pd.DataFrame) -> dict[str, Any]:
    """Return the draw whose chosen settings have the highest mean score on validation.

    Of equals the first; one whose score is unknown only if all are. Where something was
    chosen for all findings, its score is that of the classifier, and what was chosen
    for single ones was on the way there.
    """
    chosen = selection[selection["chosen"] == 1]
    alike = chosen[chosen["chosen_by"] == "validation"]  # a fold's score is another
    chosen = chosen if alike.empty else alike
    for_all = chosen[chosen["finding"] == "all"]
    chosen = chosen if for_all.empty else for_all
    mean = chosen.groupby("draw")["validation_score"].mean()
    draws = [int(number) for number in mean.index.to_numpy()]
    draw = draws[int(mean.fillna(-1).to_numpy().argmax())]
    row = chosen[chosen["draw"] == draw].iloc[0]
    scores = [described.known(value) for value in mean.to_numpy()]
    return {
        "draw": draw,
        "chosen_by": row["chosen_by"],
        "validation_score": dict(zip(draws, scores, strict=True)),
        "n_labels": int(row["n_labels"]),
        "n_patients": int(row["n_patients"]),
    }


def validation(
    targets: pd.DataFrame, stores: list[Path], rows: Path, recipe: Recipe
) -> described.Seen:
    """Return the validation images, with what is known of them."""
    images = images_of(targets[targets["split"] == "validation"])
    places = places_of([recipe.dataset], stores, [rows])
    return described.Seen(
        images=images,
        targets=matrix(targets, images, recipe.findings),
        pixels=pixels_of(images, places, recipe.size_px),
    )


def _about(recipe: Recipe, draw: dict[str, Any], card: Card) -> dict[str, Any]:
    notes = card.notes
    return {
        "note": f"{CHOSEN[draw['chosen_by']]} {NOTE}",
        "task": recipe.task,
        "kind": recipe.kind,
        "arm": {"encoder": recipe.encoder, "protocol": recipe.protocol},
        "labels": {
            "budget": budget_of(recipe.budget),
            "draw": draw["draw"],
            "why_this_draw": "highest mean validation score of all draws",
            "chosen_by": draw["chosen_by"],
            "validation_score_of_draws": draw["validation_score"],
            "n_labelled_images": draw["n_labels"],
            "n_labelled_patients": draw["n_patients"],
            "uncertain_counts_as": recipe.uncertain,
        },
        "licence": {
            "started_from": (card.parents or [card.recipe])[0].get("weights"),
            "of_those_weights": notes.get("licence", "none: they were random"),
            "labels_seen_in_pretraining": notes.get("labels_seen", []),
            "of_the_images": "see the terms of every dataset it learnt from",
        },
    }


if __name__ == "__main__":
    entry.run(main)

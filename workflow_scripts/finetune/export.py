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
from numpy.typing import NDArray
from safetensors.numpy import load_file

from workflow_scripts.core import encoders, entry, provenance
from workflow_scripts.core.encoders import Card
from workflow_scripts.core.entry import Input, Inputs, Output
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.finetune import SELECTION
from workflow_scripts.core.tables.prepare import TARGETS, budget_of
from workflow_scripts.finetune import calibration, classifier, described, onnx_graph
from workflow_scripts.finetune.aligned import images_of, matrix, pixels_of, places_of

CHECKED = 64  # validation images that onnxruntime scores too
NOTE = (
    "Thresholds, calibration, the setting and the draw were all chosen on the same "
    "validation patients, so they look better there than they are. Elsewhere the "
    "findings may be rarer: calibrate anew. Research use; no medical device."
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Which classifier it is, and how its images were prepared."""

    task: str
    encoder: str
    protocol: str
    budget: str
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
    network = classifier.assembled(model, of_draw(classifiers, draw["draw"]))
    seen = validation(TARGETS.read(development), stores, rows, recipe)
    logits = classifier.logits_of(network, known, seen.pixels)
    if not np.isfinite(logits).all():
        raise InputError("a score is not finite: there is nothing to hand over")
    lines = calibration.of_findings(logits, seen.targets)
    classifier.save(network, weights)
    whole = onnx_graph.Whole(network, known, lines)
    onnx_graph.write(whole, recipe.size_px, onnx)
    alike = onnx_graph.parity(whole, seen.pixels[:CHECKED], recipe.seed, onnx)
    log.info("onnxruntime and torch differ by %s", alike["max_difference"])
    asked = recipe.findings, recipe.sensitivity
    told = {
        **_about(recipe, draw, known),
        "findings": described.judged(*asked, seen, logits, lines),
        "preprocessing": recipe.preprocessing,
        "network": described.network(network, known),
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

    Of equals the first; one whose score is unknown only if all are.
    """
    chosen = selection[selection["chosen"] == 1]
    mean = chosen.groupby("draw")["validation_score"].mean()
    draws = [int(number) for number in mean.index.to_numpy()]
    draw = draws[int(mean.fillna(-1).to_numpy().argmax())]
    row = chosen[chosen["draw"] == draw].iloc[0]
    aurocs = [described.known(value) for value in mean.to_numpy()]
    return {
        "draw": draw,
        "validation_score": dict(zip(draws, aurocs, strict=True)),
        "n_labels": int(row["n_labels"]),
        "n_patients": int(row["n_patients"]),
    }


def of_draw(classifiers: Path, draw: int) -> dict[str, NDArray[Any]]:
    """Return the weights of the classifier of one draw."""
    start = f"draw-{draw}/"
    found = load_file(classifiers).items()
    return {key[len(start) :]: value for key, value in found if key.startswith(start)}


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
        "note": NOTE,
        "task": recipe.task,
        "arm": {"encoder": recipe.encoder, "protocol": recipe.protocol},
        "labels": {
            "budget": budget_of(recipe.budget),
            "draw": draw["draw"],
            "why_this_draw": "highest mean score on validation of all draws",
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

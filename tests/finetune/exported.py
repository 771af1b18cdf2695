"""A small cell of a sweep as files, and its classifier exported from them."""

import json

import numpy as np
import pandas as pd
import torch
from safetensors.numpy import save_file

from workflow_scripts.core import encoders
from workflow_scripts.core.tables.finetune import SELECTION
from workflow_scripts.core.tables.prepare import TARGETS
from workflow_scripts.core.tables.prepare_pixels import CROP, STORE
from workflow_scripts.finetune import export, kinds, protocols
from workflow_scripts.finetune.features import features_of
from workflow_scripts.finetune.protocols import Asked, Images, Problem

SIDE = 32
PREPROCESSING = {"prepare": {"size_px": SIDE}}
FINDINGS = {
    "multilabel": ["bright", "left"],
    "multiclass": ["dark", "bright_left", "bright_right"],
    "ordinal": ["bright", "bright_and_left"],
}
OPTIONS = {
    **{"penalties": [1, 100], "steps": 2, "batch_size": 8, "learning_rates": [0.001]},
    **{"weight_decay": 0.01, "checks": 1, "layer_decay": 1, "patience": 0, "heads": 4},
}


def images_of(n, generator):
    """Squares that are bright or dark, left or right."""
    seen = generator.integers(0, 2, (n, 2)).astype(float)
    pixels = generator.integers(60, 120, (n, SIDE, SIDE)).astype(np.uint8)
    for image, (bright, left) in zip(pixels, seen, strict=True):
        column = 4 if left else 20
        image[10:20, column : column + 8] = 250 if bright else 10
    return pixels, seen


def targets_of(seen, kind):
    """Return what a task of `kind` asks of them; see FINDINGS."""
    bright, left = seen.T
    if kind == "multilabel":
        return seen
    if kind == "ordinal":
        return np.column_stack([bright, bright * left])
    return np.column_stack([1 - bright, bright * left, bright * (1 - left)])


def encoder_of(folder, backbone):
    """Write an untrained encoder; return its two paths."""
    torch.manual_seed(0)
    arguments = {"model_name": backbone, "in_chans": 1, "num_classes": 0}
    arguments |= {"img_size": SIDE} if "vit" in backbone else {}
    card = encoders.Card(timm=arguments, size_px=SIDE, mean=0.5, deviation=0.25)
    paths = folder / "encoder.safetensors", folder / "encoder.json"
    encoders.save(encoders.build(card), card, *paths)
    return paths


def written_store(folder, pixels, names):
    """Write a dataset's store; return its file and its table."""
    folder.mkdir(parents=True, exist_ok=True)
    pixels.tofile(folder / "0.u8")
    crop = dict.fromkeys(CROP, 0) | {"mask_quality": np.nan, "crop": "none"}
    rows = pd.DataFrame({"image_id": names, "shard": 0, "row": range(len(names))})
    STORE.write(rows.assign(**crop), folder / "images.parquet")
    return folder / "0.u8", folder / "images.parquet"


def selection(rows, **more):
    """Return a table of draws, validation scores, and whether they were chosen."""
    frame = pd.DataFrame(rows, columns=["draw", "validation_score", "chosen"])
    frame = frame.assign(
        **{"budget": "100%", "finding": "all", "cell": pd.NA, "steps": 0},
        **{"n_labels": 20, "n_choosing": 40, "n_patients": 20},
        **{"chosen_by": "validation"},
        candidate=[f"rate {n}" for n in range(len(frame))],
    )
    return SELECTION.check(frame.assign(**more))


class Cell:
    """All files of a cell: two draws, 20 images to learn from, 40 of validation.

    And 20 of the test split.
    """

    def __init__(self, folder, protocol, kind="multilabel", backbone="test_resnet"):
        self.folder, self.protocol = folder, protocols.load(protocol)
        generator = np.random.default_rng(1)
        self.pixels, seen = images_of(80, generator)
        self.targets = targets_of(seen, kind)
        self.asked = Asked(kind=kinds.load(kind), findings=FINDINGS[kind])
        names = [f"image{n:02}" for n in range(80)]
        store, rows = written_store(folder / "clinic" / "store", self.pixels, names)
        encoder, card = encoder_of(folder, backbone)
        paths = {"encoder": encoder, "card": card}
        self.encoder, self.card = encoders.load(encoder, card)
        features = features_of(self.encoder.eval(), self.card, self.pixels)
        self.images = Images(
            **{"features": features, "read_masks": None, **paths},
            read_pixels=lambda: self.pixels,
        )
        self.weights = self.learnt(generator)
        self.files = {
            **{**paths, "rows": rows, "stores": [store], "lung_weights": []},
            "development": self.written_targets(names[:60]),
            "classifiers": self.written_classifiers(),
            "selection": folder / "selection.parquet",
        }
        scores = [(0, 0.6, 0), (0, 0.9, 0), (0, 0.7, 1), (1, 0.8, 1), (1, 0.4, 0)]
        SELECTION.write(selection(scores), self.files["selection"])
        self.recipe = export.Recipe(
            **{"task": "chest", "encoder": "random", "protocol": protocol},
            **{"budget": "100pct", "kind": kind, "findings": FINDINGS[kind]},
            **{"uncertain": "ignore", "dataset": "clinic", "size_px": SIDE},
            **{"preprocessing": PREPROCESSING, "sensitivity": 0.9, "seed": 0},
        )

    def learnt(self, generator):
        """Return the weights of two draws: they learn, and then say something wild."""
        rows = np.arange(60)
        problem = Problem(
            images=self.images,
            asked=self.asked,
            targets=self.targets,
            **{"labelled": rows[:20], "training": rows[:20], "validation": rows[20:]},
        )
        weights = self.protocol.fit(problem, OPTIONS, 0).weights
        wild = [key for key in weights if "classifier." in key]
        assert wild
        return [
            {**weights, **{key: self.wild(weights[key], generator) for key in wild}}
            for _ in range(2)
        ]

    def wild(self, weight, generator):
        return generator.normal(size=weight.shape).astype(weight.dtype)

    def written_targets(self, names):
        findings = self.asked.findings
        frame = pd.DataFrame(
            {
                "image_id": np.repeat(names, len(findings)),
                "finding": findings * len(names),
                "target": self.targets[: len(names)].ravel(),
                "split": np.repeat(["train", "validation"], [20, 40]).repeat(
                    len(findings)
                ),
            }
        )
        frame = frame.assign(dataset="clinic", patient_id=frame["image_id"])
        TARGETS.write(frame, self.folder / "development.parquet")
        return self.folder / "development.parquet"

    def written_classifiers(self):
        together = {
            f"draw-{draw}/{key}": np.ascontiguousarray(value)
            for draw, weights in enumerate(self.weights)
            for key, value in weights.items()
        }
        save_file(together, self.folder / "classifiers.safetensors")
        return self.folder / "classifiers.safetensors"

    def exported(self):
        """Run the step; return where its files are, and its description."""
        names = {"weights": "safetensors", "onnx": "onnx", "description": "json"}
        out = {key: self.folder / f"classifier.{end}" for key, end in names.items()}
        export.main(**self.files, recipe=self.recipe, **out)
        return out, json.loads(out["description"].read_text())

"""A small problem with an encoder, features and pixels, made in memory."""

import numpy as np
import torch

from workflow_scripts.core import encoders
from workflow_scripts.finetune import kinds
from workflow_scripts.finetune.features import features_of
from workflow_scripts.finetune.kinds import multilabel
from workflow_scripts.finetune.protocols import Asked, Images, Problem

FINDINGS = ["bright", "left"]


def macro_auroc(targets, scores):
    """Return the mean AUROC over the findings; see the kind `multilabel`."""
    return multilabel.judged(scores, targets)


def encoder_files(folder):
    """Write an untrained encoder; return its two paths."""
    torch.manual_seed(0)
    arguments = {"model_name": "test_resnet", "in_chans": 1, "num_classes": 0}
    card = encoders.Card(timm=arguments, size_px=32, mean=0.5, deviation=0.25)
    weights, json_path = folder / "encoder.safetensors", folder / "encoder.json"
    encoders.save(encoders.build(card), card, weights, json_path)
    return weights, json_path


def problem(folder, n=96, seed=0, kind="multilabel"):
    """Squares that are bright or dark, left or right, with some targets unknown.

    The squares are what was drawn.
    """
    generator = np.random.default_rng(seed)
    targets = generator.integers(0, 2, (n, 2)).astype(float)
    pixels = generator.integers(60, 120, (n, 32, 32)).astype(np.uint8)
    masks = np.zeros_like(pixels)
    for image, mask, (bright, left) in zip(pixels, masks, targets, strict=True):
        column = 4 if left else 20
        mask[10:20, column : column + 8] = 1
        image[10:20, column : column + 8] = 250 if bright else 10
    targets[generator.random((n, 2)) < 0.1] = np.nan
    weights, json_path = encoder_files(folder)
    model, card = encoders.load(weights, json_path)
    images = Images(
        features=features_of(model.eval(), card, pixels),
        read_pixels=lambda: pixels,
        read_masks=lambda: masks,
        encoder=weights,
        card=json_path,
    )
    rows = np.arange(n)
    return Problem(
        images=images,
        targets=targets,
        asked=Asked(kind=kinds.load(kind), findings=FINDINGS),
        labelled=rows[: n // 3],
        validation=rows[2 * n // 3 :],
        training=rows[: 2 * n // 3],
    )

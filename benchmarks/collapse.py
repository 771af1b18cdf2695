r"""What healthy and broken runs do to features, and which of them the alarm tells.

    PYTHONPATH=. OMP_NUM_THREADS=1 python benchmarks/collapse.py FOLDER \
        [backbones=test_resnet,test_vit] [methods=simclr,byol] [rate=0.0025] [epochs=8]

FOLDER holds `labels.csv` with the columns image (a path below FOLDER) and label; 1,024
images are drawn, shrunk to 64 px and learnt from in batches of 64. The rate is AdamW's
itself, with a rise over a fifth of the steps and half a cosine; the features of 512
images are measured before the first step and after each epoch.

Broken on purpose: `attract` (BYOL's loss, gradients on both sides, no predictor),
`no_stop` (with a predictor), `no_predictor` (with a stop-gradient), `linear` (`attract`
with one linear layer for a head), `bare` (no head), and methods whose options switch
off what keeps them from collapsing. `siam` is SimSiam with both. Without `methods`, all
are run and the measures timed. Figures stand in `benchmarks/collapse.md`.
"""

import csv
import math
import pkgutil
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import timm
import torch
from torch import nn
from torch.nn import functional

from workflow_scripts.core.device import autocast, placed
from workflow_scripts.core.encoders import Card
from workflow_scripts.pretrain import alarm, augmentations, methods, watching
from workflow_scripts.pretrain.methods import Shape

N_IMAGES, N_WATCHED, BATCH_SIZE, SIZE_PX = 1024, 512, 64, 64
SMALL = {
    "simclr": {"hidden_width": 512},
    "moco": {"hidden_width": 512, "queue_size": 512},
    "moco_v3": {"hidden_width": 512},
    "byol": {"hidden_width": 512, "projection_width": 128},
    "barlow_twins": {"projection_width": 512},
    "vicreg": {"projection_width": 512},
    "swav": {"hidden_width": 512, "prototypes": 64},
    "dino": {"hidden_width": 512, "output_width": 512},
    "gmml": {"patch_px": 8},
    "mae": {"decoder_width": 64, "decoder_blocks": 2, "decoder_heads": 4},
    "simmim": {"mask_px": 16},
    "jigsaw": {"permutations": 32, "tile_width": 64, "hidden_width": 256},
    "relative_position": {"hidden_width": 256},
}
SWITCHED_OFF = {
    "vicreg_invariance": {"variance_weight": 0.0, "covariance_weight": 0.0},
    "vicreg_no_covariance": {"covariance_weight": 0.0},
    "dino_no_centre": {"centre_momentum": 1.0},
}
BROKEN = {  # head, predictor, stop-gradient
    "attract": ("deep", False, False),
    "no_predictor": ("deep", False, True),
    "no_stop": ("deep", True, False),
    "linear": ("linear", False, False),
    "bare": ("none", False, False),
    "siam": ("deep", True, True),
}


def deep(width, out):
    """Return two layers with a batch norm between them."""
    norm = nn.BatchNorm1d(512)
    return nn.Sequential(nn.Linear(width, 512), norm, nn.ReLU(), nn.Linear(512, out))


class Siamese(nn.Module):
    """SimSiam, or what is left of it."""

    views = 2

    def __init__(self, encoder, width, head, predictor, stop):
        """Put a head on `encoder`, and a predictor on that."""
        super().__init__()
        self.encoder, self.stop = encoder, stop
        heads = {"deep": deep, "linear": nn.Linear, "none": nn.Identity}
        self.projection_head = heads[head](width, 128)
        self.predictor = deep(128, 128) if predictor else nn.Identity()

    def forward(self, first, second):
        """Return the loss of one batch, each view attracted by the other."""
        z1, z2 = (
            self.projection_head(self.encoder(v)).float() for v in (first, second)
        )
        p1, p2 = self.predictor(z1).float(), self.predictor(z2).float()
        if self.stop:
            z1, z2 = z1.detach(), z2.detach()
        agreement = functional.cosine_similarity
        return -(agreement(p1, z2).mean() + agreement(p2, z1).mean()) / 2

    def after_step(self, share):
        """Nothing moves between steps."""


class OneFinding(nn.Module):
    """Supervised by whether a picture is of the commonest label."""

    views, taught = 1, True

    def __init__(self, encoder, width):
        """Put one logit on `encoder`."""
        super().__init__()
        self.encoder, self.head = encoder, nn.Linear(width, 1)

    def forward(self, view, targets):
        """Return the cross-entropy."""
        logits = self.head(self.encoder(view)).float()[:, 0]
        return functional.binary_cross_entropy_with_logits(logits, targets)

    def after_step(self, share):
        """Nothing moves between steps."""


def pictures(folder):
    """Return uint8 images, and whether each is of the commonest label."""
    with (folder / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    chosen = np.random.default_rng(0).permutation(len(rows))[:N_IMAGES]
    files = [cv2.imread(str(folder / rows[row]["image"]), 0) for row in chosen]
    small = [
        cv2.resize(f, (SIZE_PX, SIZE_PX), None, 0, 0, cv2.INTER_AREA) for f in files
    ]
    labels = [rows[row]["label"] for row in chosen]
    commonest = max(set(labels), key=labels.count)
    targets = torch.tensor([float(label == commonest) for label in labels])
    return torch.from_numpy(np.stack(small)), targets


def made(name, backbone):
    """Return the method `name` around a new encoder."""
    torch.manual_seed(0)
    size = {"img_size": SIZE_PX} if "vit" in backbone else {}
    encoder = timm.create_model(backbone, in_chans=1, num_classes=0, **size).eval()
    empty = torch.zeros(2, 1, SIZE_PX, SIZE_PX)
    with torch.no_grad():
        width = encoder(empty).shape[1]
        seen = encoder.forward_intermediates(
            empty, indices=1, norm=False, intermediates_only=True
        )
    if name in BROKEN:
        return Siamese(encoder, width, *BROKEN[name])
    if name == "supervised":
        return OneFinding(encoder, width)
    file = name
    if name in SWITCHED_OFF:
        file = next(known for known in SMALL if name.startswith(f"{known}_"))
    module, options = methods.load(file), SMALL.get(file, {})
    options = module.Options(**(options | SWITCHED_OFF.get(name, {})))
    shape = Shape(width=width, map_width=seen[-1].shape[1], size_px=SIZE_PX)
    return module.Method(encoder, shape, options)


def measured(method, images, card):
    """Return what the table of training says of the first images."""
    seen = watching.features(method.encoder, images[:N_WATCHED], card)
    return watching.measures(seen, watching.projections(method, seen))


def trained(method, images, targets, card, policy, rate, epochs):
    """Return the measures, before the first step and after each epoch, and losses."""
    augment = augmentations.load(policy).augment
    order, chance = (torch.Generator().manual_seed(0) for _ in range(2))
    optimiser = torch.optim.AdamW(method.parameters(), rate, weight_decay=1e-4)
    steps = len(images) // BATCH_SIZE
    rows, losses = [measured(method, images, card)], []
    for epoch in range(epochs):
        method.train()
        batches = torch.randperm(len(images), generator=order).split(BATCH_SIZE)[:steps]
        for number, batch in enumerate(batches):
            share = (epoch * steps + number + 1) / (epochs * steps)
            falling = (1 + math.cos(math.pi * max(0, share - 0.2) / 0.8)) / 2
            optimiser.param_groups[0]["lr"] = rate * min(5 * share, falling)
            views = [
                (augment(images[batch], chance, view)[:, None] - card.mean)
                / card.deviation
                for view in range(method.views)
            ]
            taught = getattr(method, "taught", False)
            with autocast():
                loss = method(*views, **({"targets": targets[batch]} if taught else {}))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            method.after_step(share)
            losses.append(loss.item())
        rows.append(measured(method, images, card))
    return rows, losses


def row(name, backbone, images, targets, rate, epochs):
    """Return one line of the table: start, lowest, end of each measure; the alarm."""
    scaled = images / 255
    mean, deviation = float(scaled.mean()), float(scaled.std())
    card = Card(timm={}, size_px=SIZE_PX, mean=mean, deviation=deviation)
    method = placed(made(name, backbone))
    policy = "none" if name == "rotation" else "radiograph"
    rows, losses = trained(method, images, targets, card, policy, rate, epochs)
    taught = getattr(method, "taught", False)
    faults = [
        alarm.fault(rows[1 : end + 1], rows[0], taught=taught)
        for end in range(1, epochs + 1)
    ]
    cells = [f"{losses[0]:.3g} → {np.mean(losses[-8:]):.3g}"]
    for measure, form in (
        ("feature_std", ".3f"),
        ("centred_rank", ".1f"),
        ("projection_std", ".3f"),
    ):
        way = [seen[measure] for seen in rows]
        three = [way[0], min(way[1:]), way[-1]]
        words = ", ".join(format(value, form) for value in three)
        cells.append("" if math.isnan(way[0]) else words)
    warned = sum(fault is not None for fault in faults)
    told = "refused" if faults[-1] else f"{warned} warnings" if warned else ""
    return " | ".join(["", name, backbone, *cells, told, ""]).strip()


def cost():
    """Print the CPU time of the measures of 1,024 images of 2,048 features."""
    features = np.random.default_rng(0).normal(size=(1024, 2048)).astype(np.float32)
    ways = {
        "RankMe": watching.effective_rank,
        "all measures": lambda seen: watching.measures(seen, None),
        "singular value decomposition": lambda seen: np.linalg.svd(
            seen.astype(np.float64), compute_uv=False
        ),
    }
    for name, way in ways.items():
        begun = time.process_time()
        way(features)
        print(f"{name}: {time.process_time() - begun:.2f} CPU seconds")


def main():
    """Train what was asked for, and print the table."""
    asked = dict(word.split("=") for word in sys.argv[2:])
    healthy = [module.name for module in pkgutil.iter_modules(methods.__path__)]
    healthy = [name for name in healthy if name not in ("supervised", "patient_pairs")]
    every = [*healthy, "supervised", *BROKEN, *SWITCHED_OFF]
    names = asked["methods"].split(",") if "methods" in asked else every
    if "methods" not in asked:
        cost()
    images, targets = pictures(Path(sys.argv[1]))
    for backbone in asked.get("backbones", "test_resnet,test_vit").split(","):
        for name in names:
            if name == "mae" and "vit" not in backbone:
                continue
            rate, epochs = float(asked.get("rate", 0.0025)), int(asked.get("epochs", 8))
            print(row(name, backbone, images, targets, rate, epochs), flush=True)


if __name__ == "__main__":
    main()

"""Small runs of any method: images, a pool, and a stop when wanted."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import timm
import torch

from workflow_scripts.core.device import placed
from workflow_scripts.core.encoders import Card
from workflow_scripts.core.store import Store
from workflow_scripts.pretrain import methods, training
from workflow_scripts.pretrain.feed import Feed
from workflow_scripts.pretrain.loop import Run
from workflow_scripts.pretrain.partners import Partners
from workflow_scripts.pretrain.pooled import Pool
from workflow_scripts.pretrain.recipe import Recipe

SIZE_PX = 32
FINDINGS = ["left", "low"]  # where a blob is
SMALL = {
    "moco": {"queue_size": 64, "hidden_width": 32, "projection_width": 16},
    "patient_pairs": {"queue_size": 64, "hidden_width": 32, "projection_width": 16},
    "simclr": {"hidden_width": 32, "projection_width": 16},
    "moco_v3": {"hidden_width": 32, "projection_width": 16},
    "byol": {"hidden_width": 32, "projection_width": 16},
    "barlow_twins": {"projection_width": 32},
    "vicreg": {"projection_width": 32},
    "swav": {
        "hidden_width": 32,
        "projection_width": 16,
        "prototypes": 8,
        "queue_size": 32,
    },
    "dino": {
        "hidden_width": 32,
        "bottleneck_width": 16,
        "output_width": 32,
        # its loss rises until the centre is found and while the teacher warms
        "centre_momentum": 0.5,
        "teacher_temperature": 0.04,
    },
    "gmml": {"patch_px": 8, "head_width": 16},
    "mae": {"decoder_width": 32, "decoder_blocks": 1, "decoder_heads": 2},
    "simmim": {"mask_px": 16},
    "jigsaw": {"permutations": 4, "tile_width": 16, "hidden_width": 64},
    "relative_position": {"hidden_width": 256},
}
RATES = {"jigsaw": 0.05}  # where the usual one is too slow for a test
BACKBONES = {"test_resnet": {}, "test_vit": {"img_size": SIZE_PX}}


def recipe(method, **changes):
    taught = getattr(methods.load(method).Method, "taught", False)
    choices = {
        "datasets": ["toy"],
        "size_px": SIZE_PX,
        "intensity": "parent",
        "method": method,
        "options": SMALL.get(method, {}),
        "findings": FINDINGS if taught else [],
        "augmentation": "radiograph",
        "sampling": {},
        "epochs": 10,
        "batch_size": 16,
        "images_at_once": None,
        "optimiser": "adamw",
        "learning_rate": RATES.get(method, 0.02),
        "warmup_epochs": 1,
        "weight_decay": 0.0001,
        "weight_decay_end": None,
        "clip_norm": None,
        "drop_path": 0.0,
        "average": 0.0,
        "processes": 1,
        "compile": "never",
        "seed": 1,
    }
    return Recipe(**(choices | changes))


def blobs(n, alike=1):
    """Blobs at random places, `alike` side by side: to tell apart, and to paint."""
    generator = torch.Generator().manual_seed(0)
    place = torch.rand(n // alike, 2, 1, 1, generator=generator) * SIZE_PX
    place = place.repeat_interleave(alike, 0)
    if alike > 1:
        place += torch.rand(n, 2, 1, 1, generator=generator)
    axis = torch.arange(SIZE_PX)
    down, across = torch.meshgrid(axis, axis, indexing="ij")
    distance = (down - place[:, 0]) ** 2 + (across - place[:, 1]) ** 2
    pixels = (255 * torch.exp(-distance / 40)).to(torch.uint8)
    lies = torch.stack([place[:, 1] < SIZE_PX / 2, place[:, 0] > SIZE_PX / 2], 1)
    return pixels.numpy(), lies.flatten(1).float()


def pool_of(method, n=32):
    """As many images as asked, two of each patient."""
    known = methods.load(method).Method
    paired = getattr(known, "partners", False)
    pixels, targets = blobs(n, alike=2 if paired else 1)
    table = pd.DataFrame(
        {
            "dataset": "toy",
            "image_id": [f"image-{row}" for row in range(n)],
            "patient_id": [f"patient-{row // 2}" for row in range(n)],
            "study_id": [f"study-{row}" for row in range(n)],
            "view_position": "PA",
            "shard": 0,
            "row": np.arange(n),
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        shard = Path(folder) / "0.u8"
        shard.write_bytes(pixels.tobytes())
        rows = np.arange(n)
        stores = {"toy": Store([shard], SIZE_PX)}
        feed = Feed(stores, np.full(n, "toy", object), np.zeros(n, np.int64), rows)
    targets[::5] = torch.nan
    return Pool(
        table=table,
        feed=feed,
        partners=Partners(table) if paired else None,
        targets=targets if getattr(known, "taught", False) else None,
    )


def only_transformers(method):
    return getattr(methods.load(method).Method, "transformer_only", False)


def run_of(method, backbone=None, n=32, pool=None, wrap=placed, **changes):
    if backbone is None:
        backbone = "test_vit" if only_transformers(method) else "test_resnet"
    torch.manual_seed(1)
    arguments = {"model_name": backbone, "in_chans": 1, "num_classes": 0}
    arguments |= BACKBONES[backbone]
    card = Card(timm=arguments, size_px=SIZE_PX, mean=0.5, deviation=0.25)
    chosen = recipe(method, **changes)
    encoder = timm.create_model(**arguments, drop_path_rate=chosen.drop_path)
    module = wrap(placed(training.built(encoder, chosen)))
    return Run(module, card, pool or pool_of(method, n), chosen)


class After:
    """Asks to stop at one of the steps; at none if it is None."""

    def __init__(self, steps=None):
        self.left = steps

    @property
    def asked(self):
        if self.left is None:
            return False
        self.left -= 1
        return self.left <= 0


NEVER = After()


def bits(run):
    """All that moved, as one flat list of tensors."""
    state = run.moving.method.state_dict()
    kept = [state[name] for name in sorted(state) if torch.is_tensor(state[name])]
    if run.moving.average:
        kept += list(run.moving.average.module.state_dict().values())
    return [value.detach().clone() for value in kept]


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(bits(one), bits(other), strict=True))


def losses(run):
    return [row["loss"] for row in run.moving.account.history]

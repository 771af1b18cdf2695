"""GMML's head as the paper's transposed convolution, and as we compute it.

The two are the same map where kernel and stride are equal; this measures what the
second form saves, on one core: `PYTHONPATH=. python benchmarks/gmml_head.py`
"""

import time

import timm
import torch
from torch import nn

from workflow_scripts.core.encoders import Card
from workflow_scripts.pretrain import fit
from workflow_scripts.pretrain.loop import Run
from workflow_scripts.pretrain.recipe import Recipe

REPEATS = 5
IMAGES = 1280
RECIPE = Recipe(
    datasets=["made up"],
    size_px=64,
    method="gmml",
    epochs=REPEATS + 1,
    batch_size=64,
    learning_rate=0.004,
    weight_decay=1e-4,
    warmup_epochs=1,
    augmentation="radiograph",
    options={"patch_px": 8},
    seed=1,
)


def run_of(*, transposed):
    """Return a training run with one form of the head or the other."""
    arguments = {"model_name": "test_resnet", "in_chans": 1, "num_classes": 0}
    card = Card(timm=arguments, size_px=64, mean=0.5, deviation=0.25)
    method = fit.built(timm.create_model(**arguments), RECIPE)
    if transposed:
        *convolutions, last, shuffle = method.head
        stride = shuffle.upscale_factor
        up = nn.ConvTranspose2d(last.in_channels, 1, stride, stride)
        method.head = nn.Sequential(*convolutions, up)
    pool = torch.randint(0, 256, (IMAGES, 64, 64), dtype=torch.uint8)
    return Run(method, card, pool, RECIPE)


def best_rate(run):
    """Return images per second of the best of several epochs, after a first one."""
    run.one_epoch()
    rates = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        run.one_epoch()
        rates.append(IMAGES / (time.perf_counter() - begun))
    return max(rates)


if __name__ == "__main__":
    torch.set_num_threads(1)
    slow, fast = (best_rate(run_of(transposed=form)) for form in (True, False))
    print(f"transposed convolution {slow:.0f} images/s")
    print(f"1 x 1 and pixel shuffle {fast:.0f} images/s, {fast / slow:.1f} times")

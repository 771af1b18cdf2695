"""One promise, every method: parametrised over the files in the folder."""

import pkgutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import timm
import torch

from workflow_scripts.core.encoders import Card
from workflow_scripts.core.feed import Feed
from workflow_scripts.core.store import Store
from workflow_scripts.pretrain import fit, methods
from workflow_scripts.pretrain.loop import Run
from workflow_scripts.pretrain.recipe import Recipe

NAMES = [module.name for module in pkgutil.iter_modules(methods.__path__)]
SMALL = {
    "moco": {"queue_size": 64, "hidden_width": 32, "projection_width": 16},
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
    "jigsaw": {"permutations": 8, "tile_width": 16, "hidden_width": 32},
    "relative_position": {"hidden_width": 256},
}
BACKBONES = {"test_resnet": {}, "test_vit": {"img_size": 32}}


def recipe(method, **changes):
    choices = {
        "datasets": ["toy"],
        "size_px": 32,
        "method": method,
        "epochs": 10,
        "batch_size": 16,
        "learning_rate": 0.02,
        "weight_decay": 0.0001,
        "warmup_epochs": 1,
        "intensity": "parent",
        "augmentation": "radiograph",
        "options": SMALL.get(method, {}),
        "seed": 1,
    }
    return Recipe(**(choices | changes))


def images(n=32):
    """Blobs at random places: something to tell apart, and something to paint."""
    generator = torch.Generator().manual_seed(0)
    place = torch.rand(n, 2, 1, 1, generator=generator) * 32
    down, across = torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij")
    distance = (down - place[:, 0]) ** 2 + (across - place[:, 1]) ** 2
    pixels = (255 * torch.exp(-distance / 40)).to(torch.uint8).numpy()
    with tempfile.TemporaryDirectory() as folder:
        shard = Path(folder) / "0.u8"
        shard.write_bytes(pixels.tobytes())
        rows = np.arange(n)
        stores = {"toy": Store([shard], 32)}
        return Feed(stores, np.full(n, "toy", object), np.zeros(n, np.int64), rows)


def only_transformers(method):
    return getattr(methods.load(method).Method, "transformer_only", False)


def run_of(method, backbone=None, **changes):
    if backbone is None:
        backbone = "test_vit" if only_transformers(method) else "test_resnet"
    torch.manual_seed(1)
    arguments = {"model_name": backbone, "in_chans": 1, "num_classes": 0}
    arguments |= BACKBONES[backbone]
    card = Card(timm=arguments, size_px=32, mean=0.5, deviation=0.25)
    chosen = recipe(method, **changes)
    encoder = timm.create_model(**arguments)
    return Run(fit.built(encoder, chosen), card, images(), chosen)


@pytest.fixture(params=NAMES)
def method(request):
    return request.param


@pytest.mark.parametrize("backbone", BACKBONES)
def test_the_loss_is_a_finite_scalar_that_reaches_the_encoder(method, backbone):
    if only_transformers(method) and backbone != "test_vit":
        with pytest.raises(fit.InputError, match=r"vision transformer.*choose"):
            run_of(method, backbone)
        return
    run = run_of(method, backbone)
    run.one_epoch()  # timm begins the last scale of a residual block with zero
    run.optimiser.zero_grad()
    views = [
        run._view(run.images.batch(torch.arange(16))) for _ in range(run.method.views)
    ]
    loss = run.method(*views)
    assert loss.shape == ()
    assert torch.isfinite(loss)
    loss.backward()
    moved = [
        p.grad is not None and p.grad.any() for p in run.method.encoder.parameters()
    ]
    assert sum(map(bool, moved)) > 0.9 * len(moved)


def test_the_loss_falls_in_twenty_steps(method):
    # a queue is empty at first, so the first epochs of a contrastive loss do not count
    run = run_of(method, epochs=20)
    while run.epoch < 20:
        run.one_epoch()
    losses = [row["loss"] for row in run.history]
    assert sum(losses[-4:]) < sum(losses[4:8])


def test_two_equal_seeds_agree_to_the_bit_and_another_differs(method):
    states = []
    for seed in (1, 1, 2):
        run = run_of(method, seed=seed)
        run.one_epoch()
        states.append(
            torch.cat([p.detach().flatten() for p in run.method.parameters()])
        )
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


def test_a_run_that_was_stopped_goes_on_to_the_same_bits(method, tmp_path):
    whole = run_of(method, epochs=4)
    for _ in range(4):
        whole.one_epoch()
    first = run_of(method, epochs=4)
    first.one_epoch()
    fit.checkpoint.save(first.state(), tmp_path, first.epoch)
    second = run_of(method, epochs=4)
    torch.manual_seed(99)  # whatever else the process drew
    second.resume(tmp_path)
    while second.epoch < 4:
        second.one_epoch()
    pairs = zip(
        whole.method.state_dict().values(),
        second.method.state_dict().values(),
        strict=True,
    )
    assert all(torch.equal(one, other) for one, other in pairs)
    assert [row["loss"] for row in whole.history] == [
        row["loss"] for row in second.history
    ]


def test_an_option_that_a_method_does_not_have_is_refused_by_name(method):
    with pytest.raises(fit.InputError, match=f"{method} has no 'temp'"):
        run_of(method, options={"temp": 1})


def test_a_loss_that_is_not_finite_stops_before_the_update(method):
    run = run_of(method)
    before = [p.detach().clone() for p in run.method.parameters()]
    run.augment = lambda seen, _: torch.full(seen.shape, torch.nan)
    with pytest.raises(fit.InputError, match="try a lower learning_rate"):
        run.one_epoch()
    after = run.method.parameters()
    assert all(
        torch.equal(one, other) for one, other in zip(before, after, strict=True)
    )


def test_every_method_file_says_where_it_is_from(method):
    module = methods.load(method)
    assert "https://arxiv.org/" in module.__doc__
    assert isinstance(module.Options(), module.Options)
    assert SimpleNamespace(**vars(module.Method)).views >= 1

"""A small run that one process, or several together, can do."""

from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import pytest
import torch

from tests.pretrain.runs import NEVER, After, run_of
from workflow_scripts.pretrain import batch_norm, loop
from workflow_scripts.pretrain.processes import rank

# Without random numbers of its own: a process draws others than one process alone.
ALIKE = [
    "simclr",
    "moco",
    "moco_v3",
    "byol",
    "barlow_twins",
    "vicreg",
    "swav",
    "dino",
    "supervised",
    "patient_pairs",
]


HEALTHY = {  # features are measured in float32, which these networks do not take
    "feature_std": 1.0,
    "effective_rank": 9.0,
    "centred_rank": 9.0,
    "projection_std": 1.0,
}


def plain(images, generator, view):
    """Views that differ, without a random number."""
    return images.double() / 255 * (1 - 0.3 * view)


@contextmanager
def in_double():
    """Whatever asks for float32 gets float64, and nothing bfloat16."""
    kept = loop.autocast, torch.Tensor.float
    loop.autocast, torch.Tensor.float = nullcontext, torch.Tensor.double
    try:
        yield
    finally:
        loop.autocast, torch.Tensor.float = kept


@in_double()
def trained(method, folder, processes=1, stopped=None):
    """The weights before and after two epochs, and the losses, alone or with others.

    In float64, and by SGD: batch norms, and the first steps of Adam, blow up what
    rounding leaves.
    """
    run = run_of(
        method,
        wrap=lambda module: batch_norm.synchronised(module.double()),
        processes=processes,
        epochs=2,
        optimiser="sgd",
        learning_rate=0.05,
        clip_norm=1.0,
        average=0.5,
    )
    run.moving.views.policy = SimpleNamespace(augment=plain)
    run.watch = SimpleNamespace(of=lambda *_, **__: HEALTHY)
    begun = weights(run)
    run.train(
        folder, NEVER if stopped is None else After(stopped if not rank() else None)
    )
    return {
        "losses": [row["loss"] for row in run.moving.account.history],
        "begun": begun,
        "state": weights(run),
    }


def weights(run):
    """Copies of all weights that move, and of their average."""
    parts = run.moving.method, run.moving.average.module
    return {
        f"{number}.{name}": weight.detach().clone()
        for number, part in enumerate(parts)
        for name, weight in part.named_parameters()
    }


def several(methods, folder):
    """What `trained` gives for each of `methods`; for a launch of processes."""
    found = {}
    for method in methods:
        (folder / method).mkdir(exist_ok=True)
        found[method] = trained(method, folder / method, 2)
    return found


def stopped_then_whole(method, folder):
    """Stop one process, which stops both; then let both go on."""
    parts, whole = folder / "parts", folder / "whole"
    for place in (parts, whole):
        place.mkdir(exist_ok=True)
    with pytest.raises(SystemExit, match="75"):
        trained(method, parts, 2, stopped=3)
    return trained(method, parts, 2), trained(method, whole, 2)


def saved_at_once_or_never(method, folder):
    """Save after each step as the first process's clock says; then never."""
    often, never = folder / "often", folder / "never"
    for place in (often, never):
        place.mkdir(exist_ok=True)
    loop.SAVING_SHARE = 1e9 if rank() == 0 else 1e-9  # the others are in no hurry
    found = trained(method, often, 2)
    loop.SAVING_SHARE = 1e-9
    return found, trained(method, never, 2), len(list(often.glob("*.pt")))

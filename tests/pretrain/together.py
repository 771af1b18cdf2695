"""What two processes find that share a batch, or one process alone.

``python -m tests.pretrain.together RANK PROCESSES FOLDER WHAT`` is one of several
processes that meet in FOLDER; each leaves what it found there.
"""

import copy
import os
import subprocess
import sys
from pathlib import Path

import torch
from timm.layers.norm_act import BatchNormAct2d
from timm.layers.split_batchnorm import SplitBatchNorm2d
from torch import distributed, nn

from tests.pretrain.toy import SMALL, made, views
from workflow_scripts.pretrain.batch_norm import synchronised
from workflow_scripts.pretrain.gathered import processes, summed
from workflow_scripts.pretrain.processes import wrapped

ROOT = Path(__file__).parents[2]
N_IMAGES, STEPS = 8, 4
OPTIONS = {
    "moco": {"queue_size": 16},
    "swav": {
        "queue_size": 16,
        "queue_from": 0.0,
        "frozen_share": 0.5,
        "local_views": 1,
    },
    "dino": {"frozen_share": 0.5, "local_views": 1},
}


def of_two(what, folder):
    """What each of two processes found."""
    known = os.environ | {
        "GLOO_SOCKET_IFNAME": "lo",
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }
    command = [sys.executable, "-m", "tests.pretrain.together"]
    running = [
        subprocess.Popen([*command, str(n), "2", folder, what], cwd=ROOT, env=known)
        for n in range(2)
    ]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


def part_of(rank):
    return slice(rank * N_IMAGES // processes(), (rank + 1) * N_IMAGES // processes())


def trained(name, rank=0):
    """Losses of the whole batch, its gradients, and the state at the end."""
    method = synchronised(made(name, **OPTIONS.get(name, {})))
    weights = [p for p in method.parameters() if p.requires_grad]
    with torch.no_grad():
        for weight in weights:
            weight *= 2  # deviations near 1: what divides by them is not all rounding
    mine = part_of(rank)
    losses, gradients = [], []
    for step in range(STEPS):
        looks = views(n=N_IMAGES, seed=step)
        looks += views(method.local_views, n=N_IMAGES, side=4, seed=50 + step)
        loss = method(*(view[mine] for view in looks))
        losses.append(summed(loss.detach()) / processes())
        found = torch.autograd.grad(loss, weights)
        found = [summed(gradient) / processes() for gradient in found]
        gradients.append(torch.cat([gradient.flatten() for gradient in found]))
        with torch.no_grad():
            for weight, gradient in zip(weights, found, strict=True):
                weight -= 0.001 * gradient
        method.after_step((step + 1) / STEPS)
    return {"losses": losses, "gradients": gradients, "state": method.state_dict()}


class Halved(nn.Module):
    def forward(self, maps):
        return maps / 2


def normed(dtype=torch.float64):
    """A network with a batch norm of every kind."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        BatchNormAct2d(4, act_layer=nn.SiLU, drop_layer=Halved),
        nn.Conv2d(4, 6, 3),
        nn.BatchNorm2d(6, momentum=None),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(6, 5),
        nn.BatchNorm1d(5, track_running_stats=False),
        nn.Tanh(),
        nn.Linear(5, 3),
        nn.BatchNorm1d(3, affine=False),
    ).to(dtype)


def learnt(network, rank=0):
    """The last output, the gradients of each step, and the state of `network`."""
    called, weights = wrapped(network, "never"), list(network.parameters())
    gradients = []
    for step in range(3):
        images = views(1, n=N_IMAGES, seed=step)[0][part_of(rank)] + 10  # far from 0
        out = called(images.to(weights[0].dtype))
        called.zero_grad()
        out.pow(3).mean().backward()
        gradients += [weight.grad.clone() for weight in weights]
        with torch.no_grad():
            for weight in weights:
                weight -= 0.01 * weight.grad
    return {"out": out.detach(), "gradients": gradients, "state": network.state_dict()}


def coarse():
    """Maps of the whole batch as a convolution under autocast leaves them."""
    generator = torch.Generator().manual_seed(3)
    maps = 10 + torch.randn(N_IMAGES, 2, 4, 4, generator=generator)
    return maps.to(torch.bfloat16)


def halves(rank):
    """What a norm makes of such maps, and its statistics."""
    norm = synchronised(nn.BatchNorm2d(2))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = norm(coarse()[part_of(rank)])
    return {"out": out.detach(), "mean": norm.running_mean, "var": norm.running_var}


def norms(rank):
    """What `learnt` finds in each precision, and whether other things are so."""
    torch.manual_seed(1)
    plain, network = normed(), synchronised(normed())
    images = torch.randn(4, 1, 8, 8, dtype=torch.float64)
    twin = copy.deepcopy(network)
    return {
        "float64": learnt(synchronised(normed()), rank),
        "float32": learnt(synchronised(normed(torch.float32)), rank),
        "bfloat16": halves(rank),
        "kinds": [type(part) for part in network.modules()]
        == [type(part) for part in plain.modules()],
        "keys": list(network.state_dict()) == list(plain.state_dict()),
        "evaluation": torch.equal(network.eval()(images), plain.eval()(images)),
        "copies": twin[1].forward.__self__ is twin[1],
        "refusal": _refusal(SplitBatchNorm2d(4)),
    }


def _refusal(norm):
    try:
        synchronised(norm)
    except TypeError as error:
        return str(error)


def methods(rank):
    return {name: trained(name, rank) for name in SMALL}


if __name__ == "__main__":
    rank, world, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    meeting = f"file://{folder / 'meeting'}"
    distributed.init_process_group("gloo", meeting, rank=rank, world_size=world)
    found = {"methods": methods, "norms": norms}[sys.argv[4]](rank)
    torch.save(found, folder / f"{rank}.pt")
    distributed.destroy_process_group()

"""Train every joint-embedding method for a few steps, alone or with others.

``python -m tests.pretrain.together RANK PROCESSES FOLDER`` is one of several processes
that meet in FOLDER; the first leaves what it found there.
"""

import sys
from pathlib import Path

import torch
from torch import distributed

from tests.pretrain.toy import SMALL, made, views
from workflow_scripts.pretrain.gathered import processes, summed

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


def trained(name, rank=0):
    """Losses of the whole batch, its first gradient, and the state at the end."""
    method = made(name, **OPTIONS.get(name, {}))
    method.eval()  # batch norms of heads are the loop's to synchronise
    weights = [p for p in method.parameters() if p.requires_grad]
    with torch.no_grad():
        for weight in weights:
            weight *= 2  # deviations near 1: what divides by them is not all rounding
    mine = slice(rank * N_IMAGES // processes(), (rank + 1) * N_IMAGES // processes())
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


if __name__ == "__main__":
    rank, world, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    meeting = f"file://{folder / 'meeting'}"
    distributed.init_process_group("gloo", meeting, rank=rank, world_size=world)
    everything = {name: trained(name, rank) for name in SMALL}
    if rank == 0:
        torch.save(everything, folder / "everything.pt")
    distributed.destroy_process_group()

"""A very small encoder, views for it, and what passes through a head."""

import torch
from torch import nn

from workflow_scripts.pretrain import methods
from workflow_scripts.pretrain.methods import Shape

SMALL = {
    "simclr": {"projection_width": 4, "hidden_width": 8},
    "moco": {"projection_width": 4, "hidden_width": 8, "queue_size": 24},
    "moco_v3": {"projection_width": 4, "hidden_width": 8},
    "byol": {"projection_width": 4, "hidden_width": 8},
    "barlow_twins": {"projection_width": 5},
    "vicreg": {"projection_width": 5},
    "swav": {"projection_width": 4, "hidden_width": 8, "prototypes": 3},
    "dino": {"output_width": 6, "hidden_width": 8, "bottleneck_width": 4},
}


def made(name, seed=0, **options):
    """The method around an encoder that takes images of any size."""
    torch.manual_seed(seed)
    module = methods.load(name)
    encoder = nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(16, 8))
    shape = Shape(width=8, map_width=8, size_px=8)
    return module.Method(encoder, shape, module.Options(**(SMALL[name] | options)))


def views(n_views=2, n=6, side=8, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return list(torch.randn(n_views, n, 1, side, side, generator=generator))


def projections(n_views=2, n=6, width=4, seed=2, length=1.0):
    generator = torch.Generator().manual_seed(seed)
    return list(length * torch.randn(n_views, n, width, generator=generator))


def passed(method, looks, *heads):
    """The loss under bfloat16, and what each head gave on the way, as float32."""
    caught = {head: [] for head in heads}
    for head in heads:
        part = method.get_submodule(head)
        part.register_forward_hook(
            lambda _, __, out, head=head: caught[head].append(out.detach().float())
        )
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = method(*looks)
    return loss.detach(), *caught.values()

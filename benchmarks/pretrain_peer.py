"""Pretraining loops around lightly, as one would write them from its examples.

Two of each method. `stock` does what the examples do: RGB images, all of lightly's
transforms, float32, the examples' optimisers, nothing pinned. `matched` is given what
our loop has: one channel, channels last, our precision and optimiser, transforms of a
grey image, pinned memory. Both read PNG files by way of PIL in the workers of a
`DataLoader`. For `benchmarks/pretrain.py`.
"""

import copy
import shutil
import time
from contextlib import nullcontext

import timm
import torch
from lightly import transforms
from lightly.loss import NTXentLoss
from lightly.models import utils
from lightly.models.modules import (
    MaskedVisionTransformerDecoderTIMM,
    MaskedVisionTransformerTIMM,
    MoCoProjectionHead,
    SimCLRProjectionHead,
)
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset, RandomSampler

from workflow_scripts.core.device import autocast, device, placed

GREY = {"mean": [0.5], "std": [0.25]}
TRANSFORMS = {
    "moco": transforms.MoCoV2Transform,
    "simclr": transforms.SimCLRTransform,
    "mae": transforms.MAETransform,
}
ENDLESS = 2**40  # images of an epoch: none ends while it is timed


class Pictures(Dataset):
    """PNG files, read by PIL and transformed one by one."""

    def __init__(self, files, transform, mode):
        """Read `files` in a `mode` of PIL: RGB, or L for grey."""
        self.files, self.transform, self.mode = files, transform, mode

    def __len__(self):
        """Return the number of files."""
        return len(self.files)

    def __getitem__(self, row):
        """Return the views of one image."""
        with Image.open(self.files[row]) as image:
            return self.transform(image.convert(self.mode))


class SimCLR(nn.Module):
    """An encoder, lightly's head and lightly's loss."""

    def __init__(self, encoder, width, options):
        """Put the head on `encoder`, which gives features of `width`."""
        super().__init__()
        self.encoder = encoder
        self.head = SimCLRProjectionHead(width, options["hidden_width"], 128)
        self.criterion = NTXentLoss(temperature=options["temperature"])

    def forward(self, first, second):
        """Return what the loss compares."""
        return self.head(self.encoder(first)), self.head(self.encoder(second))

    def loss(self, seen):
        """Return the loss of what `forward` gave."""
        return self.criterion(*(z.float() for z in seen))

    def follow(self):
        """Do nothing before a step."""


class MoCo(SimCLR):
    """MoCo v2: the second view goes through slow copies, the loss has a queue."""

    def __init__(self, encoder, width, options):
        """Put the head on `encoder`, which gives features of `width`, and copy both."""
        nn.Module.__init__(self)
        self.encoder = encoder
        self.head = MoCoProjectionHead(width, options["hidden_width"], 128)
        self.slow_encoder = copy.deepcopy(encoder)
        self.slow_head = copy.deepcopy(self.head)
        utils.deactivate_requires_grad(self.slow_encoder)
        utils.deactivate_requires_grad(self.slow_head)
        self.criterion = NTXentLoss(
            temperature=options["temperature"],
            memory_bank_size=(options["queue_size"], 128),
        )

    def forward(self, first, second):
        """Return queries and keys."""
        query = self.head(self.encoder(first))
        with torch.no_grad():
            return query, self.slow_head(self.slow_encoder(second))

    def follow(self):
        """Let the slow copies follow."""
        utils.update_momentum(self.encoder, self.slow_encoder, m=0.999)
        utils.update_momentum(self.head, self.slow_head, m=0.999)


class MAE(nn.Module):
    """Lightly's masked transformer and decoder, and the squared error."""

    def __init__(self, encoder, width, options):
        """Put a decoder behind `encoder`, a vision transformer of timm."""
        super().__init__()
        self.encoder = MaskedVisionTransformerTIMM(vit=encoder)
        inner = options["decoder_width"]
        self.patch_px = encoder.patch_embed.patch_size[0]
        channels = encoder.patch_embed.proj.in_channels
        self.embed = nn.Linear(width, inner)
        self.decoder = MaskedVisionTransformerDecoderTIMM(
            num_patches=encoder.patch_embed.num_patches,
            embed_dim=inner,
            depth=options["decoder_blocks"],
            num_heads=16,
        )
        self.pixels = nn.Linear(inner, self.patch_px**2 * channels)

    def forward(self, images):
        """Return hidden patches as painted and as they are."""
        size = (len(images), self.encoder.sequence_length)
        keep, hide = utils.random_token_mask(size, 0.75, device=images.device)
        seen = self.embed(self.encoder.encode(images, idx_keep=keep))
        every = utils.repeat_token(self.decoder.mask_token, size)
        every = utils.set_at_index(every, keep, seen.type_as(every))
        painted = self.pixels(utils.get_at_index(self.decoder(every), hide))
        patches = utils.patchify(images, self.patch_px)
        wanted = utils.get_at_index(patches, hide - 1)  # no patch is the class token's
        return painted, utils.normalize_mean_var(wanted)

    def loss(self, seen):
        """Return the loss of what `forward` gave."""
        return nn.functional.mse_loss(*(values.float() for values in seen))

    def follow(self):
        """Do nothing before a step."""


METHODS = {"moco": MoCo, "simclr": SimCLR, "mae": MAE}


def encoder_of(backbone, size_px, channels):
    """Return a timm network without a classifier."""
    known = {"img_size": size_px} if "vit" in backbone else {}
    return timm.create_model(backbone, in_chans=channels, num_classes=0, **known)


class Loop:
    """A loop over PNG files, `stock` or `matched`."""

    clock = staticmethod(time.perf_counter)

    def __init__(self, task, files, options, *, matched):
        """Build it.

        Args:
            task: has method, backbone, size_px and batch.
            files: of the images.
            options: of our method, which lightly's parts are given too.
            matched: whether it is given what our loop has.
        """
        self.batch, self.matched = task.batch, matched
        self.threads, self.workers, self.ahead = torch.get_num_threads(), 0, 2
        encoder = encoder_of(task.backbone, task.size_px, 1 if matched else 3)
        width = encoder.num_features
        model = METHODS[task.method](encoder, width, options).train()
        self.model = placed(model) if matched else model.to(device())
        weights = [one for one in self.model.parameters() if one.requires_grad]
        if task.method == "mae":
            self.optimiser = torch.optim.AdamW(weights, lr=1.5e-4, fused=matched)
        elif matched:
            self.optimiser = torch.optim.SGD(weights, lr=0.06, momentum=0.9, fused=True)
        else:
            self.optimiser = torch.optim.SGD(weights, lr=0.06)
        normal = {"normalize": GREY} if matched else {}
        transform = TRANSFORMS[task.method](input_size=task.size_px, **normal)
        self.pictures = Pictures(files, transform, "L" if matched else "RGB")
        self.total = torch.zeros((), device=device())

    def share_memory(self):
        """Take fewer workers where their batches have no room to be handed over."""
        views = self.pictures[0]
        n_bytes = self.batch * sum(view.numel() * view.element_size() for view in views)
        room = int(0.8 * shutil.disk_usage("/dev/shm").free / n_bytes)
        self.ahead = 2 if room >= 2 * self.workers else 1
        self.workers = min(self.workers, room)

    def step(self, views):
        """Move all weights once."""
        views = [view.to(device(), non_blocking=self.matched) for view in views]
        self.model.follow()
        with autocast() if self.matched else nullcontext():
            seen = self.model(*views)
        loss = self.model.loss(seen)
        self.total += loss.detach()
        loss.backward()
        self.optimiser.step()
        self.optimiser.zero_grad()

    def rate(self, seconds):
        """Return the images per second, once all workers have given.

        It is timed over whole rounds of the workers: they begin together, and their
        first batches come together.
        """
        torch.set_num_threads(self.threads)
        loader = DataLoader(
            self.pictures,
            batch_size=self.batch,
            sampler=RandomSampler(self.pictures, replacement=True, num_samples=ENDLESS),
            num_workers=self.workers,
            drop_last=True,
            prefetch_factor=self.ahead if self.workers else None,
            pin_memory=self.matched and device().type == "cuda",
        )
        stream, whole = iter(loader), max(1, self.workers)
        for _ in range(whole + 1):
            self.step(next(stream))
        finished()
        begun, n_steps = self.clock(), 0
        while n_steps % whole or self.clock() - begun < seconds * 0.9:
            self.step(next(stream))
            n_steps += 1
        finished()
        return n_steps * self.batch / (self.clock() - begun)


def finished():
    """Wait for the device."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()

"""How many images make a batch, and how many of them are on a device at once."""

import gc
import io
import logging
from typing import TYPE_CHECKING

import torch

from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain.gathered import processes
from workflow_scripts.pretrain.recipe import Recipe

if TYPE_CHECKING:
    from workflow_scripts.pretrain.loop import Run

log = logging.getLogger(__name__)


def batch_size(recipe: Recipe, n_images: int) -> int:
    """Return how many images a step is taken on: as asked, or half of a small pool.

    Raises:
        InputError: if the processes cannot have equal parts of it.
    """
    size = min(recipe.batch_size, n_images // 2)
    if size < recipe.batch_size:
        size -= size % processes()
        log.warning("only %d images: batches of half of them", n_images)
    if size % processes() or not size:
        raise InputError(
            f"batch_size: {size} images cannot be shared equally by {processes()} "
            "processes; choose a multiple of their number"
        )
    return size


def at_once(run: "Run") -> int:
    """Return how many images one process works on at once.

    `auto` halves them until a step fits the device. Every number gives a batch of the
    same size; but losses that compare images with each other, and batch norms, see
    the parts one by one.

    Raises:
        InputError: if not even two images fit.
    """
    most = run.batch_size // processes()
    asked = run.recipe.images_at_once
    if asked is None:
        return most
    if asked != "auto":
        return min(int(asked), most)
    kept = io.BytesIO()  # not on the device: it is what has no room
    torch.save(run.moving.state(), kept)
    size = most
    while not _fits(run, size):
        if size <= 2:
            raise InputError(
                "images_at_once: not even two images fit the device; choose a smaller "
                "backbone or prepare.size_px"
            )
        size = -(-size // 2)
    kept.seek(0)
    run.moving.restore(torch.load(kept, map_location="cpu", weights_only=True))
    log.info("%d images at once, of %d in a batch", size, most)
    return size


def _fits(run: "Run", size: int) -> bool:
    """Try a part of `size` images, forward and back."""
    numbers = torch.arange(size) % len(run.pool)
    try:
        images = run.pool.feed.batch(numbers).unsqueeze(0)
        for _ in range(2):  # the second beside what the optimiser remembers
            loss = run.loss_of(numbers, images)
            loss.backward()  # type: ignore[no-untyped-call]
            run.moving.optimiser.step()
    except torch.OutOfMemoryError:
        return False
    finally:
        run.moving.optimiser.zero_grad(set_to_none=True)
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    return True

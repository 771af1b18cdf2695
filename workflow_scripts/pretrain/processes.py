"""What a loop does with its network and its flags, alone or with other processes."""

import logging
import os
import shutil
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from workflow_scripts.core.device import device
from workflow_scripts.pretrain.gathered import processes

log = logging.getLogger(__name__)


def rank() -> int:
    """Return the number of this process; 0 is the one that writes."""
    return distributed.get_rank() if processes() > 1 else 0


def wrapped(method: nn.Module, compiled: str) -> nn.Module:
    """Return `method` so that gradients are averaged, and compiled where it pays.

    Args:
        method: shares its weights with what is returned.
        compiled: auto, always or never. On a CPU the compiler takes most of a minute
            and its code is slower (measured), so auto means on a GPU.
    """
    called = method
    if processes() > 1:
        called = DistributedDataParallel(
            method, forward_sync_buffers=False, find_unused_parameters=True
        )
    if compiled == "always" or (compiled == "auto" and _compiles()):
        called = torch.compile(called)  # type: ignore[assignment]
    return called


def _compiles() -> bool:
    """Say whether compiling pays and can be done: on a GPU, with a C compiler."""
    if device().type != "cuda":
        return False
    named = os.environ.get("CC")
    if named or any(map(shutil.which, ("cc", "gcc", "clang"))):
        return True
    log.warning("compile: no C compiler here, so nothing is compiled")
    return False


def apart(called: nn.Module, last: bool) -> AbstractContextManager[object]:
    """Keep gradients to this process until the `last` part of a batch."""
    whole = getattr(called, "_orig_mod", called)  # of what is compiled
    if isinstance(whole, DistributedDataParallel) and not last:
        return whole.no_sync()
    return nullcontext()


def of_all(mine: Any) -> list[Any]:  # noqa: ANN401 (what can be pickled)
    """Return what each process has, in order of rank."""
    if processes() == 1:
        return [mine]
    every: list[Any] = [None] * processes()
    distributed.all_gather_object(every, mine)
    return every


class Flags:
    """What the host must know of a step, fetched while the device goes on computing."""

    def __init__(self, *, broken: Tensor, said: tuple[bool, ...]) -> None:
        """Set out to fetch what the device and the host say, in this order.

        Each flag is set if it is in any process.
        """
        told = [
            broken.new_full((1,), one) for one in said
        ]  # without a copy to wait for
        flags = torch.cat([broken, *told]).to(torch.uint8)
        if processes() > 1:
            distributed.all_reduce(flags, op=distributed.ReduceOp.MAX)
        self.fetched = None
        if flags.is_cuda:
            self.flags = torch.empty(flags.shape, dtype=flags.dtype, pin_memory=True)
            self.flags.copy_(flags, non_blocking=True)
            self.fetched = torch.cuda.Event()  # type: ignore[no-untyped-call]
            self.fetched.record()
        else:
            self.flags = flags

    def read(self) -> list[bool]:
        """Return them, once they are here."""
        if self.fetched is not None:
            self.fetched.synchronize()
        return [bool(flag) for flag in self.flags.tolist()]

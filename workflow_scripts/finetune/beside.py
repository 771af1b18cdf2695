"""Do several pieces of work side by side, each in a process of its own.

A few labels, a small network: such a training leaves most of a device idle. A job may
use as many processes as it has threads (`--set-threads finetune_fit=4`), on one GPU or
on as many cores. Bits are those of one thread for each process.
"""

import logging
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.multiprocessing.spawn import ProcessException, spawn

from workflow_scripts.core.errors import InputError

REFUSED = "refused"

log = logging.getLogger(__name__)


def side_by_side(work: Callable[[Any], None], shares: Sequence[Any]) -> None:
    """Call `work` on each of the `shares`, all at once; the only one is done here.

    The job's threads are shared out. Processes end when this one does. When one breaks
    down, as for want of memory, all end: what they leave undone is for the caller.

    Args:
        work: is pickled, and so are the shares.
        shares: of the work, one for each process.

    Raises:
        InputError: what a process refused, as it would here.
    """
    if len(shares) == 1:
        work(shares[0])
        return
    threads = max(1, torch.get_num_threads() // len(shares))
    with tempfile.TemporaryDirectory() as folder:
        given = work, shares, threads, Path(folder)
        try:
            spawn(_process, given, nprocs=len(shares))  # type: ignore[no-untyped-call]
        except ProcessException as error:
            for told in Path(folder).glob(f"{REFUSED}-*"):
                raise InputError(told.read_text(encoding="utf-8")) from error
            first = str(error).strip().splitlines()[-1]
            log.warning("a process ended, and with it those beside it: %s", first)


def _process(
    number: int,
    work: Callable[[Any], None],
    shares: Sequence[Any],
    threads: int,
    folder: Path,
) -> None:
    """Do one share; torch lets the process die with its parent."""
    logging.basicConfig(
        level=logging.INFO,
        format=f"%(asctime)s %(levelname)s process {number}: %(message)s",
        datefmt="%H:%M:%S",
        force=True,
    )
    torch.set_num_threads(threads)
    try:
        work(shares[number])
    except InputError as error:
        (folder / f"{REFUSED}-{number}").write_text(str(error), encoding="utf-8")
        sys.exit(1)

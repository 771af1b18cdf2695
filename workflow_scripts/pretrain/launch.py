"""Run one function in several processes of this machine that share a batch.

The processes are started and watched by torchrun's own machinery. They meet at an
address that no other machine can reach, and no name is looked up.

A worker that is asked to stop listens itself (`pretrain.stopping`), saves, and raises
``SystemExit(GO_ON_LATER)``.
"""

import json
import logging
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import distributed
from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch
from torch.multiprocessing import _prctl_pr_set_pdeathsig  # type: ignore[attr-defined]

from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain.stopping import GO_ON_LATER

GRACE_SECONDS = 60  # for workers to save, once a signal was passed on
LAST_SECONDS = 5  # from the last SIGTERM to SIGKILL
HERE = "127.0.0.1"

log = logging.getLogger(__name__)


def together(function: Callable[..., Any], processes: int, *arguments: Any) -> Any:  # noqa: ANN401
    """Call `function` in every one of `processes`; return what the first returns.

    SIGTERM and SIGUSR1 are passed on to the workers; none outlives this process.

    Args:
        function: of a module that can be imported; it finds `torch.distributed` ready,
            a GPU of its own where there are GPUs, and its share of the threads.
        processes: how many; one for each GPU at most.
        arguments: of `function`, the same for all; what pickles.

    Raises:
        InputError: that of a worker, or if there are too few GPUs.
        RuntimeError: what else went wrong first in a worker, with its traceback.
        SystemExit: that of a worker; `GO_ON_LATER` if a signal ended it.
    """
    gpus = torch.cuda.device_count()
    if 0 < gpus < processes:
        raise InputError(
            f"processes: {processes} are asked for and this machine shows {gpus} GPUs; "
            "each process needs one"
        )
    threads = max(1, torch.get_num_threads() // processes)
    with (
        tempfile.TemporaryDirectory(prefix="fewray-") as folder,
        _quiet(),
        _passing_on() as heard,
    ):
        launch = elastic_launch(_config(processes, folder), _work)
        try:
            ends = launch(threads, function, arguments)
        except ChildFailedError as error:
            raise _told(error, Path(folder), heard=bool(heard)) from None
    if code := max(code for code, _ in ends.values()):
        raise SystemExit(code)
    return ends[0][1]


def _config(processes: int, folder: str) -> LaunchConfig:
    return LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        run_id="fewray",
        rdzv_backend="c10d",
        rdzv_endpoint=f"{HERE}:0",  # 0: any port that is free
        rdzv_configs={"is_host": True},
        local_addr=HERE,
        max_restarts=0,
        logs_specs=DefaultLogsSpecs(log_dir=folder),
        signals_to_handle="",  # they are passed on below, and nothing is interrupted
        shutdown_timeout=LAST_SECONDS,
    )


def _work(
    threads: int, function: Callable[..., Any], arguments: tuple[Any, ...]
) -> tuple[int, Any]:
    """Return the exit code of a worker, and what `function` returned."""
    parent = multiprocessing.parent_process()
    _prctl_pr_set_pdeathsig(signal.SIGKILL)
    if parent is None or os.getppid() != parent.pid:  # it died before the line above
        sys.exit(1)
    _log_as(int(os.environ["RANK"]))
    torch.set_num_threads(threads)
    if torch.cuda.is_available():
        os.environ.setdefault("NCCL_SOCKET_IFNAME", "lo")
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        distributed.init_process_group("nccl")
    else:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
        distributed.init_process_group("gloo")
    try:
        end = 0, function(*arguments)
    except SystemExit as stop:
        end = stop.code if isinstance(stop.code, int) else bool(stop.code), None
    distributed.destroy_process_group()  # after a failure it would wait for the others
    return end


def _log_as(rank: int) -> None:
    name = f"process {rank}: " if rank else ""
    logging.basicConfig(
        level=logging.WARNING if rank else logging.INFO,
        format=f"%(asctime)s %(levelname)s {name}%(message)s",
        datefmt="%H:%M:%S",
        force=True,
    )


def _told(error: ChildFailedError, folder: Path, *, heard: bool) -> BaseException:
    """Return what a worker raised first: the others fail for want of it.

    Args:
        error: knows one failure, not always the first.
        folder: where workers leave what they raised.
        heard: whether a signal was passed on, which ends those not yet listening.
    """
    files = sorted(folder.glob("**/error.json"), key=lambda file: file.stat().st_mtime)
    told = [json.loads(file.read_text())["message"] for file in files]
    for message in told:
        kind, _, line = message["message"].partition(": ")
        if kind == InputError.__name__:
            return InputError(line)
    if heard:
        log.warning("a process ended before it could save")
        return SystemExit(GO_ON_LATER)
    rank, failure = error.get_first_failure()
    if failure.exitcode < 0:
        name = failure.signal_name()
        hint = "; out of memory?" if name == signal.SIGKILL.name else ""
        return RuntimeError(f"process {rank} was ended by {name}{hint}")
    silent = f"process {rank} ended with {failure.exitcode}"
    return RuntimeError(told[0]["extraInfo"]["py_callstack"] if told else silent)


@contextmanager
def _passing_on() -> Iterator[list[int]]:
    """Give the list of the signals that were heard and passed on to the workers."""
    heard: list[int] = []

    def pass_on(number: int, _: FrameType | None) -> None:
        heard.append(number)
        workers = multiprocessing.active_children()
        if not workers:
            raise SystemExit(GO_ON_LATER)
        signal.alarm(GRACE_SECONDS)
        for worker in workers:
            if worker.pid:
                os.kill(worker.pid, number)

    def give_up(*_: object) -> None:
        raise SystemExit(GO_ON_LATER)  # on its way out torchrun ends the workers

    handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]] = {
        signal.SIGTERM: pass_on,
        signal.SIGUSR1: pass_on,
        signal.SIGALRM: give_up,
    }
    before = {number: signal.signal(number, do) for number, do in handlers.items()}
    try:
        yield heard
    finally:
        signal.alarm(0)
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep torchrun's log of every failure, page by page, out of ours."""
    names = "torch.distributed.elastic", "torch.multiprocessing.spawn"
    loggers = [logging.getLogger(name) for name in names]
    for logger in loggers:
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
    try:
        yield
    finally:
        for logger in loggers:
            logger.propagate = True

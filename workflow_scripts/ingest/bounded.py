"""Read files in a process of its own, so that no input can harm or stop the run.

One worker reads many files, one after another, while its parent handles the last one.
It may take so much memory and time for a file, may write none, and says nothing. Where
it dies or hangs, that one file is refused, and another worker goes on with the next.

The worker is a fresh interpreter, not a fork: a fork of a process with threads may
hang, and would inherit the parent's memory, which holds label tables. It is given the
reader over a socket, for the key must not stand in a command line, and answers in JSON
and plain bytes: whoever takes over a worker by a hostile file sends no object.
"""

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from workflow_scripts.ingest import parsing
from workflow_scripts.ingest.reading import Reading

AHEAD = 2  # files that a worker knows of; it reads one while the parent has another
GRACE_S = 10.0  # after which a worker that did not end itself is ended
QUIET = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",  # or each thread reserves memory it does not use
    "MALLOC_MMAP_THRESHOLD_": "33554432",  # or each picture is laid into new pages,
    "MALLOC_TRIM_THRESHOLD_": "1073741824",  # whose first touch costs a tenth of all
}


class Reads(Protocol):
    """What a worker is given: it must survive pickling."""

    def read(self, path: str) -> Reading:
        """Read one file."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one file may cost."""

    memory_bytes: int = 512 * 2**20  # besides the worker's own
    seconds: float = 30.0


LIMITS = Limits()


def readings(
    reader: Reads, paths: Iterable[str], limits: Limits = LIMITS
) -> Iterator[Reading]:
    """Yield what became of each file, in the order of `paths`, within `limits`."""
    left = iter(paths)
    asked: deque[str] = deque()
    worker: Worker | None = None
    try:
        while True:
            fresh = list(islice(left, AHEAD - len(asked)))
            asked.extend(fresh)
            if not asked:
                return
            if worker is None:
                worker = Worker(reader, limits)
                fresh = list(asked)
            for path in fresh:
                worker.ask(path)
            reading = worker.answer()
            asked.popleft()
            if worker.ended:
                worker = None
            yield reading
    finally:
        if worker is not None:
            worker.end()


class Worker:
    """The parent's side of one worker."""

    def __init__(self, reader: Reads, limits: Limits) -> None:
        """Start a worker and wait until it is ready.

        Raises:
            RuntimeError: if it does not start; no file is to blame for that.
        """
        self.limits = limits
        self.ended = False
        self.pipe, theirs = Pipe()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=os.environ | QUIET | {"PYTHONPATH": _search_path()},
            )
        try:
            self.pipe.send((reader, limits))
            self.pipe.recv_bytes()
        except (EOFError, OSError):
            self.end()
            raise RuntimeError("a worker does not start") from None

    def ask(self, path: str) -> None:
        """Hand over the next file; that a worker died shows in its answer."""
        with contextlib.suppress(OSError):
            self.pipe.send_bytes(path.encode("ascii"))

    def answer(self) -> Reading:
        """Return what became of the oldest file asked for."""
        try:
            if self.pipe.poll(self.limits.seconds + GRACE_S):
                return self._received()
        except (EOFError, OSError):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(GRACE_S)
            if self.end() != -signal.SIGALRM:
                return Reading(code="reader_died")
        self.end()
        return Reading(code="too_slow")

    def end(self) -> int:
        """End the process; return its exit code."""
        self.ended = True
        self.pipe.close()
        self.process.kill()
        return self.process.wait()

    def _received(self) -> Reading:
        told = json.loads(self.pipe.recv_bytes())
        shape = told.pop("shape")
        told["orientation"] = tuple(told["orientation"])
        reading = Reading(**told)
        if shape:
            flat = np.frombuffer(self.pipe.recv_bytes(), np.uint8)
            reading.picture = flat.reshape(shape)
        return reading


def _search_path() -> str:
    return os.pathsep.join(str(Path(place).absolute()) for place in sys.path)


def serve(pipe: Connection) -> None:
    """Read files until nobody asks for more: the worker's side."""
    parsing.silence()
    cv2.setNumThreads(1)
    reader, limits = pipe.recv()
    _confine(limits)
    pipe.send_bytes(b"ready")
    while True:
        try:
            path = pipe.recv_bytes().decode("ascii")
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_REAL, limits.seconds)  # its signal kills
        reading = reader.read(path)
        signal.setitimer(signal.ITIMER_REAL, 0)
        picture = reading.picture
        told = {
            "code": reading.code,
            "detail": reading.detail,
            "row": reading.row,
            "orientation": reading.orientation,
            "shape": None if picture is None else picture.shape,
        }
        pipe.send_bytes(json.dumps(told).encode("ascii"))
        if picture is not None:
            pipe.send_bytes(picture.data.cast("B"))


def _confine(limits: Limits) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    size = int(Path("/proc/self/statm").read_text().split()[0])
    most = size * resource.getpagesize() + limits.memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    with Connection(int(sys.argv[1])) as asked_over:
        serve(asked_over)

"""Feed a network with batches of a pool: from the device, from memory, or from disk."""

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workflow_scripts.core.device import device
from workflow_scripts.core.store import Bytes, Rows, Store, copied

ON_DEVICE = 0.6  # share of a GPU's free memory that images may take
IN_MEMORY = 0.5  # share of the available memory
CHUNK = 1024  # images that are read at once
# Below /sys/fs/cgroup, where groups of version 2 (named "") and version 1 may lie.
GROUPS = {"": ("", "unified"), "memory": ("memory",)}
LIMITS = (  # a group's limit and its use, bytes, in version 2 and version 1
    ("memory.max", "memory.current"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes"),
)

log = logging.getLogger(__name__)


def place(n_bytes: int, sharing: int = 1) -> str:
    """Return where images of `n_bytes` in all shall lie: the nearest that has room.

    Args:
        n_bytes: of each process.
        sharing: processes that share this machine's memory, each with a GPU of its own.

    Returns:
        GPU memory, memory, or disk (mapped, and read batch by batch).
    """
    if device().type == "cuda" and n_bytes <= ON_DEVICE * torch.cuda.mem_get_info()[0]:
        return "GPU memory"
    return "memory" if n_bytes * sharing <= IN_MEMORY * available() else "disk"


def available(root: Path = Path("/")) -> int:
    """Return the bytes of memory that this process can have without swapping.

    That is the least of what the machine has left, and of what a container or a job of
    a cluster leaves: each group (cgroup) that the process is in, up to the outermost.

    Args:
        root: where `proc` and `sys` lie.

    Returns:
        0 if the system tells none of them.
    """
    rows = [line.split() for line in _text(root / "proc/meminfo").splitlines()]
    known = [int(row[1]) * 1024 for row in rows if row[0] == "MemAvailable:"]
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, limiting, own = line.split(":", 2)
        within = Path(own.lstrip("/"))
        for kind in GROUPS.keys() & limiting.split(","):
            for place in GROUPS[kind]:
                for group in (within, *within.parents):
                    known += _left(root / "sys/fs/cgroup" / place / group)
    return min(known, default=0)


def _left(group: Path) -> list[int]:
    """Return the bytes that the limit of a `group` leaves; empty if it has none.

    As in what the machine has left, cached files count as free: a job that has read
    much fills its group with them.
    """
    for limit, use in LIMITS:
        most, used = _text(group / limit).strip(), _text(group / use).strip()
        if most.isdecimal() and used.isdecimal():
            rows = _text(group / "memory.stat").splitlines()
            stat = {name: int(value) for name, value in map(str.split, rows)}
            cache = sum(
                stat.get(f"total_{name}", stat.get(name, 0))
                for name in ("active_file", "inactive_file")
            )
            return [max(0, int(most) - int(used) + cache)]
    return []


def _text(path: Path) -> str:
    """Return what the file at `path` says; nothing, if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


class Feed:
    """The images of a pool, numbered from 0, wherever it is best that they lie."""

    def __init__(
        self,
        stores: dict[str, Store],
        datasets: NDArray[np.object_],
        shards: Rows,
        rows: Rows,
        sharing: int = 1,
    ) -> None:
        """Say where each image lies, and hold all of them if they fit.

        Args:
            stores: the store of each dataset, all of one size.
            datasets: the dataset of each image of the pool, shape (images,).
            shards: the shard of each in its dataset's store, shape (images,).
            rows: the row of each in its shard, shape (images,).
            sharing: processes of this machine that hold as many images each.
        """
        (size_px,) = {store.size_px for store in stores.values()}
        self.shape = (size_px, size_px)
        self.maps: dict[int, Bytes] = {}
        number_of = {}
        for name, store in stores.items():
            for shard, images in store.shards.items():
                number_of[name, shard] = len(self.maps)
                self.maps[len(self.maps)] = images
        files = zip(datasets.tolist(), shards.tolist(), strict=True)
        self.files = np.array([number_of[file] for file in files], np.int64)
        self.rows = rows
        self.place = place(len(rows) * size_px**2, sharing)
        room = len(rows) * size_px**2 / 2**30
        what = (len(rows), size_px, room, self.place)
        log.info("%d images of %d px, %.3g GiB, are fed from %s", *what)
        self.held = None if self.place == "disk" else self._all()

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.rows)

    def batch(self, numbers: Tensor) -> Tensor:
        """Return the images of these `numbers` on the device, uint8, (n, side, side).

        Args:
            numbers: int64, on the CPU.
        """
        if self.held is None:
            return torch.from_numpy(self._read(numbers.numpy())).to(device())
        return self.held[numbers.to(self.held.device)].to(device())

    def batches(self, numbers: Sequence[Tensor]) -> Iterator[Tensor]:
        """Yield `batch` of each of `numbers`; from elsewhere, one is read ahead."""
        if self.held is not None and self.held.device.type == device().type:
            lengths = [len(one) for one in numbers]
            # one copy of all numbers: each alone would wait for the step before it
            there = torch.cat([torch.empty(0, dtype=torch.int64), *numbers])
            for one in torch.split(there.to(device()), lengths):
                yield self.held[one]
            return
        with ThreadPoolExecutor(1) as reader:
            ahead: deque[Future[Tensor]] = deque()
            for one in numbers:
                ahead.append(reader.submit(self._pinned, one))
                if len(ahead) > 1:
                    yield ahead.popleft().result().to(device(), non_blocking=True)
            for last in ahead:
                yield last.result().to(device(), non_blocking=True)

    def _pinned(self, numbers: Tensor) -> Tensor:
        held, rows = self.held, numbers.numpy()
        images = torch.from_numpy(self._read(rows)) if held is None else held[numbers]
        return images.pin_memory() if device().type == "cuda" else images

    def _read(self, numbers: Rows) -> Bytes:
        files = self.files[numbers].tolist()
        return copied(self.maps, files, self.rows[numbers], self.shape)

    def _all(self) -> Tensor:
        where = device() if self.place == "GPU memory" else torch.device("cpu")
        held = torch.empty((len(self), *self.shape), dtype=torch.uint8, device=where)
        order = np.lexsort((self.rows, self.files))  # each file from front to back
        for start in range(0, len(self), CHUNK):
            numbers = order[start : start + CHUNK]
            images = torch.from_numpy(self._read(numbers)).to(where)
            held[torch.from_numpy(numbers).to(where)] = images
        return held

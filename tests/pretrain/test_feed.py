"""A feed knows what memory it may take, and reads files from front to back."""

from pathlib import Path

import numpy as np
import pytest

from workflow_scripts.core.store import Store
from workflow_scripts.pretrain import feed

FREE = 8000 * 1024  # bytes that the machine has left
MACHINE = {"proc/meminfo": "MemTotal: 9000 kB\nMemAvailable:    8000 kB\n"}
TWO = {"proc/self/cgroup": "0::/slurm/job\n"}
ONE = {"proc/self/cgroup": "5:cpu:/far\n4:memory,cpu:/slurm/job\n0::/\n"}
MIXED = {"proc/self/cgroup": "4:memory:/\n0::/slurm/job\n"}


def group(place, limit, used, version=2):
    names = {
        1: ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        2: ("memory.max", "memory.current"),
    }
    values = zip(names[version], (limit, used), strict=True)
    return {f"sys/fs/cgroup/{place}/{name}": f"{value}\n" for name, value in values}


def stat(place, text):
    return {f"sys/fs/cgroup/{place}/memory.stat": text}


UNTOLD = 2**63 - 4096  # what version 1 says where there is no limit
CACHED = "anon 9\nactive_file 100\ninactive_file 30\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 0),
        (MACHINE, FREE),
        (MACHINE | TWO, FREE),
        (MACHINE | TWO | group("slurm/job", "max", 40), FREE),
        (MACHINE | TWO | group("slurm/job", 10**9, 40), FREE),
        (MACHINE | TWO | group("slurm/job", 500, 40), 460),
        (MACHINE | TWO | group("slurm/job", 500, 600), 0),
        (MACHINE | TWO | group("slurm/job", 500, "garbled"), FREE),
        (TWO | group("slurm/job", 500, 40), 460),
        (MACHINE | TWO | group("slurm", 500, 40), 460),
        (MACHINE | TWO | group(".", 500, 40), 460),
        (TWO | group("slurm/job", 500, 40) | group("slurm", 700, 600), 100),
        (TWO | group("slurm/job", 500, 490) | stat("slurm/job", CACHED), 140),
        (MACHINE | MIXED | group("unified/slurm", 500, 40), 460),
        (MACHINE | ONE | group("memory/slurm/job", UNTOLD, 40, 1), FREE),
        (MACHINE | ONE | group("memory/slurm/job", 500, 40, 1), 460),
        (MACHINE | ONE | group("memory", 500, 40, 1), 460),
        (MACHINE | ONE | group("memory/far", 500, 40, 1), FREE),
        (
            ONE
            | group("memory/slurm", 500, 490, 1)
            | stat("memory/slurm", f"{CACHED}total_active_file 200\n"),
            240,
        ),
    ],
)
def test_the_available_memory_is_the_least_that_machine_and_groups_leave(
    tmp_path, files, expected
):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert feed.available(tmp_path) == expected


def test_this_machine_has_memory_available():
    lines = Path("/proc/meminfo").read_text().splitlines()
    (total,) = (int(line.split()[1]) for line in lines if line.startswith("MemTotal:"))
    assert 0 < feed.available() <= total * 1024


def test_a_pool_is_held_in_its_own_order_but_read_from_front_to_back(
    tmp_path, monkeypatch
):
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (3, 20, 4, 4)).astype(np.uint8)
    for shard, images in enumerate(pixels):
        (tmp_path / f"{shard}.u8").write_bytes(images.tobytes())
    read = []

    class Watched(feed.Feed):
        def _read(self, numbers):
            read.extend(zip(self.files[numbers], self.rows[numbers], strict=True))
            return super()._read(numbers)

    monkeypatch.setattr(feed, "CHUNK", 7)
    store = Store([tmp_path / f"{shard}.u8" for shard in (2, 0, 1)], 4)
    shards, rows = generator.integers(0, 3, 50), generator.integers(0, 20, 50)
    pool = Watched({"own": store}, np.full(50, "own", object), shards, rows)
    np.testing.assert_array_equal(pool.held.cpu().numpy(), pixels[shards, rows])
    assert len(read) == 50
    assert read == sorted(read)

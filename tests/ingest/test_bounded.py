"""Whatever a file does to its reader, the run goes on; readers here do it for real."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.ingest.synthetic import chest, dataset, png_bytes, write
from workflow_scripts.ingest.bounded import Limits, readings
from workflow_scripts.ingest.pseudonym import Pseudonyms
from workflow_scripts.ingest.reading import Reader, Reading

ROOT = Path(__file__).parents[2]
TIGHT = Limits(memory_bytes=256 * 2**20, seconds=0.5)


@dataclass(frozen=True)
class Evil:
    """Does what a hostile file makes a codec do, if the path says so."""

    scratch: str = ""

    def read(self, path):
        picture = np.full((3, 4), len(path), np.uint8)
        reading = Reading(row={"patient": path, "age_years": float("nan")})
        try:
            getattr(self, path.partition("-")[0], int)()
        except MemoryError:
            return Reading(code="too_large")
        except OSError:
            return Reading(code="unreadable")
        reading.picture, reading.orientation = picture, ("L", "F")
        return reading

    def abort(self):
        os.abort()

    def segfault(self):
        os.kill(os.getpid(), signal.SIGSEGV)

    def leave(self):
        os._exit(0)

    def loop(self):
        while True:
            pass

    def stop(self):
        os.kill(os.getpid(), signal.SIGSTOP)

    def gorge(self):
        np.ones(2 * 2**30, np.uint8)

    def talk(self):
        os.write(1, b"SECRET")
        os.write(2, b"SECRET")
        print("SECRET")

    def litter(self):
        Path(self.scratch).write_text("SECRET")


@pytest.mark.parametrize(
    ("deed", "code"),
    [
        ("abort", "reader_died"),
        ("segfault", "reader_died"),
        ("leave", "reader_died"),
        ("loop", "too_slow"),
        ("gorge", "too_large"),
    ],
)
def test_one_bad_file_is_refused_and_all_others_are_read(deed, code):
    paths = ["a", f"{deed}-b", "cc", "ccc"]
    done = list(readings(Evil(), paths, TIGHT))
    assert [one.code for one in done] == ["ok", code, "ok", "ok"]
    for path, one in zip(paths, done, strict=True):
        if one.code == "ok":
            assert one.row["patient"] == path
            assert (one.picture == np.full((3, 4), len(path))).all()
            assert one.orientation == ("L", "F")
        else:
            assert one.picture is None
            assert one.row == {"patient": "missing"}


def test_bad_files_may_come_first_and_last_and_in_a_row():
    paths = ["leave-a", "leave-b", "cc", "leave-d"]
    done = list(readings(Evil(), paths, TIGHT))
    assert [one.code for one in done] == [
        "reader_died",
        "reader_died",
        "ok",
        "reader_died",
    ]


def test_a_reader_says_and_writes_nothing(capfd, tmp_path):
    scratch = tmp_path / "scratch"
    done = list(readings(Evil(str(scratch)), ["talk", "litter", "end"], TIGHT))
    assert [one.code for one in done] == ["ok", "unreadable", "ok"]
    assert "SECRET" not in "".join(capfd.readouterr())
    assert not scratch.exists() or scratch.read_text() == ""


def test_a_worker_reads_ahead_and_one_is_enough_for_good_files():
    assert list(readings(Evil(), [], TIGHT)) == []
    pids = set()
    for _ in readings(Evil(), map(str, range(20)), TIGHT):
        pids |= {child.pid for child in psutil.Process().children()}
    assert len(pids) == 1


def test_the_worker_ends_when_the_parent_stops_early():
    under_way = readings(Evil(), map(str, range(9)), TIGHT)
    next(under_way)
    (child,) = psutil.Process().children()
    under_way.close()
    assert not child.is_running()


def test_no_worker_outlives_a_killed_parent():
    program = (
        "from tests.ingest.test_bounded import *\n"
        "for one in readings(Evil(), ['a', 'loop'], TIGHT):\n"
        "    print(psutil.Process().children()[0].pid, flush=True)"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    deadline = time.monotonic() + 20
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@dataclass(frozen=True)
class Missing:
    """Cannot be unpickled."""

    def __reduce__(self):
        return (os.abort, ())


def test_a_worker_that_does_not_start_is_no_fault_of_a_file():
    with pytest.raises(RuntimeError, match="does not start"):
        list(readings(Missing(), ["a"], TIGHT))


def test_files_are_read_as_without_limits(tmp_path):
    write(tmp_path / "one.dcm", dataset(chest(1), PatientOrientation=["R", "F"]))
    write(tmp_path / "two.png", png_bytes(chest(2, bits=8).astype(np.uint8)))
    write(tmp_path / "three.dcm", dataset(chest(3))).write_bytes(b"")
    reader = Reader(
        root=tmp_path,
        pseudonyms=Pseudonyms(b"k" * 32, "north"),
        long_side_px=30,
        exclude=frozenset(),
        checks=(),
        raw=None,
    )
    paths = ["one.dcm", "two.png", "three.dcm", "none.dcm"]
    for path, one in zip(paths, readings(reader, paths), strict=True):
        plain = reader.read(path)
        assert (one.code, one.detail) == (plain.code, plain.detail)
        assert repr(one.row) == repr(plain.row)
        assert one.orientation == plain.orientation
        assert np.array_equal(one.picture, plain.picture)

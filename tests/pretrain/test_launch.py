"""Real processes meet, fail, are stopped, and are killed.

``python -m tests.pretrain.test_launch FOLDER`` is their parent.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch import distributed

from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain import launch
from workflow_scripts.pretrain.gathered import summed
from workflow_scripts.pretrain.stopping import GO_ON_LATER, Stop

ROOT = Path(__file__).parents[2]
PROBLEM = "size_px: é is not a number; choose one"


def met(folder):
    """What a process finds, told to the one that asked for it."""
    rank = distributed.get_rank()
    logging.getLogger("worker").info("all is well in %d", rank)
    logging.getLogger("worker").warning("beware of %d", rank)
    return {
        "folder": str(folder),
        "sum": float(summed(torch.tensor(1.0 + rank))),
        "threads": torch.get_num_threads(),
        "address": os.environ["MASTER_ADDR"],
    }


def wrong():
    """One has a problem that a user can solve, and the other waits for it in vain."""
    if distributed.get_rank() == 1:
        raise InputError(PROBLEM)
    distributed.barrier()


def working(folder):
    """Work on until one is asked to stop; the first saves more slowly."""
    stop, rank = Stop(), distributed.get_rank()
    (folder / f"{rank}.pid").write_text(str(os.getpid()))
    while not summed(torch.tensor(float(stop.asked))):
        time.sleep(0.01)
    if rank == 0:
        time.sleep(0.5)
        (folder / "saved").touch()
    raise SystemExit(GO_ON_LATER)


def parent(folder):
    found = launch.together(met, 2, folder / "$$")
    try:
        launch.together(wrong, 2)
    except InputError as error:
        found["problem"] = str(error)
    try:
        launch.together(working, 2, folder / "asked")
    except SystemExit as stop:
        found["code"] = stop.code
    (folder / "found.json").write_text(json.dumps(found))
    launch.together(working, 2, folder / "killed")


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """What a parent found before it was killed, its log, and its last workers' ids."""
    folder = tmp_path_factory.mktemp("launch")
    for task in ("asked", "killed"):
        (folder / task).mkdir()
    known = os.environ | {
        "OMP_NUM_THREADS": "2",
        "CUDA_VISIBLE_DEVICES": "",
        "TMPDIR": str(folder),  # who is killed leaves things behind
    }
    command = [sys.executable, "-m", "tests.pretrain.test_launch", folder]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=known, stderr=log)
    try:
        workers(folder / "asked")
        process.send_signal(signal.SIGUSR1)
        last = workers(folder / "killed")
    finally:
        process.kill()
        process.wait()
    return folder, json.loads((folder / "found.json").read_text()), last


def workers(folder):
    """The ids of both, once they are at work."""
    files = [folder / "0.pid", folder / "1.pid"]
    wait_until(lambda: all(file.is_file() and file.read_text() for file in files))
    return [int(file.read_text()) for file in files]


def wait_until(so):
    for _ in range(12000):
        if so():
            return
        time.sleep(0.01)
    pytest.fail("waited for two minutes")


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_workers_meet_on_this_machine_and_share_its_threads(left):
    folder, found, _ = left
    assert found["sum"] == 3
    assert found["threads"] == 1  # of two
    assert found["address"] == "127.0.0.1"
    assert found["folder"] == str(folder / "$$")


def test_a_users_problem_comes_back_as_one_line(left):
    assert left[1]["problem"] == PROBLEM


def test_workers_that_are_asked_to_stop_have_time_to_save(left):
    folder, found, _ = left
    assert found["code"] == GO_ON_LATER
    assert (folder / "asked" / "saved").is_file()


def test_no_worker_outlives_a_killed_parent(left):
    for worker in left[2]:
        wait_until(lambda worker=worker: not alive(worker))


def test_the_first_worker_tells_all_and_the_others_what_is_wrong(left):
    told = (left[0] / "log").read_text()
    assert "INFO all is well in 0" in told
    assert "all is well in 1" not in told
    assert "WARNING process 1: beware of 1" in told
    assert "Traceback" not in told


if __name__ == "__main__":
    parent(Path(sys.argv[1]))

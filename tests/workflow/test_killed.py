"""Whatever kills a training, the next run goes on by itself, to the same bits."""

import shutil
import subprocess
import sys
import time

import psutil
import pytest

pytestmark = pytest.mark.slow

ENCODER = "results/encoders/moco/encoder.safetensors"


def kill_in_mid_training(flow):
    """Start the workflow, and kill -9 the training once it has a checkpoint."""
    command = [sys.executable, "-m", "snakemake", "--cores", "1", ENCODER]
    started = subprocess.Popen(
        [*command, "--configfile", str(flow.config)],
        cwd=flow.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    checkpoints = flow.folder / "results" / ".checkpoints"
    while not list(checkpoints.glob("*/step-*.pt")):
        assert started.poll() is None, "it ended before it could be killed"
        time.sleep(0.05)
    for child in psutil.Process(started.pid).children(recursive=True):
        if "workflow_scripts.pretrain.fit" in child.cmdline():
            child.kill()
    assert started.wait() != 0


def test_a_killed_training_goes_on_and_ends_with_the_same_bits(again):
    again.edit("tiny.yaml", "data: [archive], epochs: 2", "data: [archive], epochs: 60")
    again.run(ENCODER)
    undisturbed = (again.folder / ENCODER).read_bytes()
    (again.folder / ENCODER).unlink()
    shutil.rmtree(again.folder / "results/.checkpoints/finished")
    kill_in_mid_training(again)
    assert not (again.folder / ENCODER).exists()
    again.run(ENCODER)
    assert (
        "going on after epoch"
        in (again.folder / "logs/pretrain_fit/moco.log").read_text()
    )
    assert (again.folder / ENCODER).read_bytes() == undisturbed


def test_an_encoder_whose_pool_is_written_anew_is_not_trained_anew(again):
    known = (again.folder / ENCODER).read_bytes()
    again.run(ENCODER, "--forcerun", "prepare_pool")
    log = (again.folder / "logs/pretrain_fit/moco.log").read_text()
    assert "taken again" in log
    assert "epoch" not in log
    assert (again.folder / ENCODER).read_bytes() == known

"""Kill a training again and again, and see whether it ends with the same bits.

``python benchmarks/killed.py [KILLS]`` runs the tiny workflow of the tests in a folder
of its own: once undisturbed, then with its training ended by SIGKILL at random moments,
each time started again by the same Snakemake command. It tells how far each came, and
whether the encoders are equal, byte by byte.
"""

import hashlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("Snakefile", "rules", "profiles", "workflow_scripts", "envs")
ENCODER = Path("results/encoders/moco/encoder.safetensors")
EPOCHS = 1500
LONGEST_S = 13.0  # from the start of a training to its end by a signal


def started(folder: Path) -> subprocess.Popen[bytes]:
    """Start Snakemake on the encoder."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", str(ENCODER)]
    return subprocess.Popen(
        [*command, "--configfile", "tiny.yaml", "--quiet"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def training_of(process: subprocess.Popen[bytes]) -> psutil.Process | None:
    """Return the training that `process` runs, once it does; None if it has ended."""
    while process.poll() is None:
        for child in psutil.Process(process.pid).children(recursive=True):
            try:
                command = child.cmdline()
            except psutil.Error:
                continue
            if "workflow_scripts.pretrain.fit" in command and "python" in command[0]:
                return child
        time.sleep(0.02)
    return None


def digest(folder: Path) -> str:
    """Return the SHA-256 of the encoder."""
    return hashlib.sha256((folder / ENCODER).read_bytes()).hexdigest()


def disturbed(folder: Path, kills: int) -> None:
    """End the training `kills` times at random moments, then let it be."""
    chance = random.Random(0)
    for number in range(1, kills + 1):
        process = started(folder)
        training = training_of(process)
        if training is None:
            raise SystemExit(f"it was done after {number - 1} kills; more EPOCHS")
        time.sleep(chance.uniform(0, LONGEST_S))
        training.kill()
        psutil.wait_procs([training])
        process.wait()
        log = (folder / "logs/pretrain_fit/moco.log").read_text().splitlines()
        place = [line for line in log if "epoch" in line]
        last = place[-1].split("INFO ")[-1] if place else "it had not begun to train"
        print(f"{number}: {last}", flush=True)
    started(folder).wait()


def main() -> None:
    """Compare an undisturbed training with a disturbed one."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "flow"
        folder.mkdir()
        for part in PARTS:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, folder / part)
        config = (ROOT / "tests/workflow/tiny.yaml").read_text()
        short = "data: [archive], epochs: 2"
        assert short in config
        longer = config.replace(short, f"data: [archive], epochs: {EPOCHS}", 1)
        (folder / "tiny.yaml").write_text(longer)
        begun = time.monotonic()
        started(folder).wait()
        whole = digest(folder)
        print(f"undisturbed: {whole[:16]}, {time.monotonic() - begun:.0f} s in all")
        (folder / ENCODER).unlink()
        shutil.rmtree(folder / "results/.checkpoints")
        disturbed(folder, kills)
        again = digest(folder)
        print(f"after {kills} kills: {again[:16]}, equal: {again == whole}")
        raise SystemExit(again != whole)


if __name__ == "__main__":
    main()

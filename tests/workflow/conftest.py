"""One finished run of the whole workflow, made once for all tests of this folder."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "rules", "profiles", "workflow_scripts", "envs")


@dataclass
class Flow:
    """A copy of the project with a config of its own."""

    folder: Path

    @property
    def config(self):
        return self.folder / "tiny.yaml"

    def call(self, *arguments, cores=2):
        environment = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
        return subprocess.run(
            [
                *(sys.executable, "-m", "snakemake", "--cores", str(cores)),
                *(*arguments, "--configfile", str(self.config)),
            ],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self, *arguments):
        done = self.call(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def planned(self, *arguments):
        """Return (rule, wildcards) of every job that a dry run lists."""
        text = self.run("--dry-run", *arguments)
        jobs = re.findall(r"^(?:local)?rule (\w+):\n((?:    .*\n)*)", text, re.M)
        found = []
        for rule, body in jobs:
            line = re.search(r"^    wildcards: (.*)$", body, re.M)
            pairs = re.findall(r"(\w+)=([^,\n]+)", line[1]) if line else []
            found.append((rule, dict(pairs)))
        return found

    def edit(self, name, old, new):
        path = self.folder / name
        text = path.read_text()
        assert old in text, f"{name} does not hold {old!r}"
        path.write_text(text.replace(old, new, 1))


def copied(folder):
    folder.mkdir()
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / part, ignore=ignore)
        else:
            shutil.copy(source, folder / part)
    shutil.copy(Path(__file__).with_name("tiny.yaml"), folder / "tiny.yaml")
    return Flow(folder)


@pytest.fixture(scope="session")
def fresh(tmp_path_factory):
    """The project, with nothing run yet."""
    return copied(tmp_path_factory.mktemp("fresh") / "flow")


@pytest.fixture(scope="session")
def finished(tmp_path_factory, worker_id):
    """The project after one whole run. Not to be changed: see `again`.

    Whichever process of the tests comes first runs it; the others wait for it.
    """
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "finished"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return Flow(folder)
        flow = copied(folder.with_suffix(".partial"))
        flow.run()
        flow.folder.rename(folder)
    return Flow(folder)


@pytest.fixture
def again(finished, tmp_path):
    """A copy of the finished run, times kept, to be changed."""
    folder = tmp_path / "flow"
    subprocess.run(["cp", "-a", str(finished.folder), str(folder)], check=True)
    return Flow(folder)

"""Nothing of a person is in any byte of a run, whether it ends well or not."""

import subprocess
import sys
import time

import psutil
import pytest
import yaml

from tests.ingest.canaries import LABELS, STEM, hits, plant
from tests.workflow.conftest import copied

pytestmark = pytest.mark.slow

TARGETS = [
    f"results/ingest/people/{name}.parquet" for name in ("ledger", "images", "labels")
]


@pytest.fixture(scope="module")
def flow(tmp_path_factory):
    """The project, with a folder full of words as one more dataset; nothing run yet."""
    folder = tmp_path_factory.mktemp("canaries")
    plant(folder / "people")
    flow = copied(folder / "flow")
    config = yaml.safe_load(flow.config.read_text())
    labels = {**LABELS, "table": "../labels.csv"}
    config["datasets"]["people"] = {
        "root": str(folder / "people/root"),
        "lung_masks": "../masks",
        "labels": labels,
    }
    config["ingest"] = {"key_file": str(folder / "key"), "shard_files": 60}
    flow.config.write_text(yaml.safe_dump(config))
    return flow


def written(flow):
    """Return where words stand in what the runs wrote, besides our own code."""
    kept = [path for path in flow.folder.iterdir() if path.name in WROTE]
    assert kept
    return [hit for path in kept for hit in hits(path)]


WROTE = {".snakemake", "results", "logs", "benchmarks"}


def kill_in_mid_decoding(flow):
    """Start the workflow, and kill -9 a reader's parent once it is at work."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *TARGETS]
    started = subprocess.Popen(
        [*command, "--configfile", str(flow.config)],
        cwd=flow.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    pixels = flow.folder / "results/ingest/people/pixels"
    while not list(pixels.glob(".partial-*")):
        assert started.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
    for child in psutil.Process(started.pid).children(recursive=True):
        if "workflow_scripts.ingest.decode" in child.cmdline():
            child.kill()
    said, _ = started.communicate()
    assert started.returncode != 0
    return said


def test_a_killed_run_tells_nothing(flow):
    said = kill_in_mid_decoding(flow)
    assert b"ingest_decode" in said
    assert written(flow) + hits(flow.folder / "logs", said) == []


def test_a_finished_run_tells_nothing(flow):
    done = flow.call(*TARGETS, "--show-failed-logs")
    assert done.returncode == 0, done.stdout + done.stderr
    assert all((flow.folder / target).exists() for target in TARGETS)
    assert written(flow) + hits(flow.folder / "logs", done.stdout, done.stderr) == []


@pytest.mark.parametrize("column", ["Set", "Effusion", "file"])
def test_a_run_that_fails_of_a_label_table_tells_nothing(flow, column):
    table = flow.folder.parent / "people/labels.csv"
    text = table.read_text()
    cells = {"Set": "train", "Effusion": "40,1", "file": "file"}
    broken = text.replace(cells[column], f"{cells[column]}{STEM}001")
    assert broken != text
    table.write_text(broken)
    try:
        done = flow.call(*TARGETS, "--show-failed-logs")
    finally:
        table.write_text(text)
    assert done.returncode != 0
    assert "labels.csv" in done.stdout + done.stderr
    assert written(flow) + hits(flow.folder / "logs", done.stdout, done.stderr) == []


def test_a_run_that_fails_of_a_bug_tells_nothing(flow):
    module = flow.folder / "workflow_scripts/ingest/copies.py"
    text = module.read_text()
    bug = "    raise KeyError(files.to_csv())\n"
    head, sign, rest = text.partition("def settle(")
    body = rest.index('"""\n', rest.index('"""') + 3) + 4
    module.write_text(head + sign + rest[:body] + bug + rest[body:])
    try:
        done = flow.call(*TARGETS, "--show-failed-logs")
    finally:
        module.write_text(text)
    assert done.returncode != 0
    log = (flow.folder / "logs/ingest_gather/people.log").read_text()
    assert "ERROR ingest_gather: KeyError" in log
    assert written(flow) + hits(flow.folder / "logs", done.stdout, done.stderr) == []

"""A real folder that grows and is edited: only what is new or stale runs again."""

import os

import pytest
import yaml

from tests.ingest.synthetic import chest, dataset, write
from tests.workflow.conftest import copied

pytestmark = pytest.mark.slow

CONFIG = {
    "datasets": {
        "clinic": {
            "root": "clinic",
            "labels": {
                "table": "../labels.csv",
                "image": "file",
                "findings": {"effusion": "Effusion"},
            },
        }
    },
    "encoders": {"random": {"backbone": "test_resnet"}},
    "tasks": {"chest": {"data": "clinic", "findings": ["effusion"]}},
    "sweep": {"encoders": ["random"], "labels": ["100%"]},
    "evaluate": {"baseline": "random"},
}
STORE = "results/prepare/clinic/store/images.parquet"
LABELS = "results/ingest/clinic/labels.parquet"


def add(folder, first, last):
    for number in range(first, last):
        ds = dataset(chest(number), PatientID=f"P{number}")
        write(folder / f"clinic/{(number * 7919) % 1000:03d}.dcm", ds)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Twenty files in two shards, ingested and stored."""
    flow = copied(tmp_path_factory.mktemp("archive") / "flow")
    add(flow.folder, 0, 20)
    rows = [f"{(n * 7919) % 1000:03d},{n % 2}" for n in range(30)]
    (flow.folder / "labels.csv").write_text("\n".join(["file,Effusion", *rows]))
    ingest = {"shard_files": 10, "key_file": str(flow.folder.parent / "key")}
    flow.config.write_text(yaml.safe_dump(CONFIG | {"ingest": ingest}))
    flow.run(STORE, LABELS)
    return flow


def rules(jobs):
    return sorted(rule for rule, _ in jobs)


def test_a_folder_at_rest_has_nothing_to_do(archive):
    assert archive.planned(STORE, LABELS) == []


@pytest.mark.parametrize("put_back_ns", [None, 1])
def test_an_edited_label_decodes_nothing_and_moves_no_patient(archive, put_back_ns):
    """Nor does a table with an old time stamp, as from a backup."""
    table = archive.folder / "labels.csv"
    text, known = table.read_text(), table.stat()
    table.write_text(text.replace(",1", ",0", 3))
    if put_back_ns:
        os.utime(table, ns=(put_back_ns, put_back_ns))
    try:
        assert rules(archive.planned(STORE, LABELS)) == ["ingest_label"]
    finally:
        table.write_text(text)
        os.utime(table, ns=(known.st_atime_ns, known.st_mtime_ns))


def test_new_files_go_into_a_shard_of_their_own(archive):
    add(archive.folder, 20, 24)
    jobs = archive.planned(STORE, LABELS)
    decoded = [at["shard"] for rule, at in jobs if rule == "ingest_decode"]
    assert decoded == ["2"]
    archive.run(STORE, LABELS)
    assert archive.planned(STORE, LABELS) == []


def test_a_touched_file_re_runs_its_shard_alone(archive):
    path = sorted((archive.folder / "clinic").iterdir())[0]
    os.utime(path, ns=(1, 1))
    jobs = archive.planned(STORE, LABELS)
    assert len([rule for rule, _ in jobs if rule == "ingest_decode"]) == 1
    archive.run(STORE, LABELS)


def test_a_change_under_an_old_time_stamp_is_found_by_verify_alone(archive):
    path = sorted((archive.folder / "clinic").iterdir())[3]
    known, content = path.stat(), path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))
    assert archive.planned(STORE, LABELS) == []
    done = archive.call("verify")
    assert done.returncode == 1
    assert " files changed under an unchanged time stamp" in done.stderr
    jobs = archive.planned(STORE, LABELS)
    assert len([rule for rule, _ in jobs if rule == "ingest_decode"]) == 1
    archive.run(STORE, LABELS)
    archive.run("verify")

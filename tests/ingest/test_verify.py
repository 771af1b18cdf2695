"""Verifying: a file that changed under an unchanged time stamp is noticed."""

import os

import pandas as pd
import pytest

from tests.ingest.chain import SHARDS, ingest, recipe, run
from tests.ingest.synthetic import chest, dataset, write
from workflow_scripts.core import archive
from workflow_scripts.core.tables.ingest import VERIFIED
from workflow_scripts.ingest import verify


@pytest.fixture
def ask(tmp_path):
    for seed in range(4):
        write(tmp_path / f"root/{seed}.dcm", dataset(chest(seed)))
    out = ingest(tmp_path / "root", tmp_path / "out").out

    def ask(**choices):
        run(
            verify.main,
            root=tmp_path / "root",
            paths=out / "private/paths.parquet",
            decoded=[out / f"decoded/{shard}.parquet" for shard in range(SHARDS)],
            recipe=recipe("ingest_verify", asked_ns=0, **{"unwatched": []} | choices),
            verified=out / "verified.parquet",
        )
        return VERIFIED.read(out / "verified.parquet")

    return ask


def disturb(path):
    known = path.stat()
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))


def test_unchanged_files_are_listed_with_their_digests(ask):
    assert len(ask()) == 4


def test_a_hidden_change_is_told_and_noted_for_the_next_plan(ask, tmp_path, capfd):
    disturb(tmp_path / "root/2.dcm")
    with pytest.raises(SystemExit):
        ask()
    assert "1 of 4 files changed" in capfd.readouterr().err
    noted = archive.remembered(tmp_path / "out/private", archive.CHANGED)
    assert list(noted) == ["2.dcm"]


def test_a_file_that_is_gone_has_changed(ask, tmp_path):
    (tmp_path / "root/1.dcm").unlink()
    with pytest.raises(SystemExit):
        ask()


def test_what_is_watched_elsewhere_is_not_read(ask, tmp_path):
    disturb(tmp_path / "root/2.dcm")
    assert len(ask(unwatched=["2.dcm"])) == 3


def test_a_file_that_was_not_read_before_counts_once_it_can_be(ask, tmp_path, capfd):
    for path in (tmp_path / "out/decoded").glob("*.parquet"):
        frame = pd.read_parquet(path)
        frame.assign(sha256=None, reason="cannot_open").to_parquet(path)
        path.with_name(f"{path.name}.provenance.json").unlink()
    with pytest.raises(SystemExit):
        ask()
    assert "4 of 4 files changed" in capfd.readouterr().err
    assert len(ask()) == 4  # they are noted: asking again finds nothing new

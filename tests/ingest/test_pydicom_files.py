"""The files that pydicom is tested with: odd, old and broken ones of many makers."""

from pathlib import Path

import pydicom
import pytest

from tests.ingest.chain import ingest
from workflow_scripts.ingest.reasons import REASONS

ROOT = Path(pydicom.__file__).parent / "data/test_files"
FILES = sorted(path for path in ROOT.rglob("*") if not path.is_dir())


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Nothing is excluded by its header, so that as many as can be are decoded."""
    out = tmp_path_factory.mktemp("pydicom")
    return ingest(ROOT, out / "out", exclude=(), checks=())


def test_every_file_is_found_once_and_has_a_reason(done):
    assert len(FILES) > 150
    assert len(done.ledger) == done.ledger["path"].nunique() == len(FILES)
    counts = done.ledger["status"].value_counts()
    assert sum(counts.get(n, 0) for n in ("accepted", "excluded", "quarantined")) == (
        len(FILES)
    )
    assert set(done.ledger["reason"]) <= REASONS.keys()
    assert (counts["accepted"], len(done.images)) == (len(done.images),) * 2


def test_none_kills_or_stops_its_reader(done):
    assert not {"reader_died", "too_slow"} & set(done.ledger["reason"])


def test_the_next_run_says_the_same(done, tmp_path):
    again = ingest(ROOT, tmp_path / "out", exclude=(), checks=())
    assert again.ledger.equals(done.ledger)
    assert again.images.equals(done.images)


def test_by_default_none_is_taken_for_a_chest(tmp_path):
    usual = ingest(ROOT, tmp_path / "out")
    assert len(usual.ledger) == len(FILES)
    assert "ok" not in set(usual.ledger["reason"])

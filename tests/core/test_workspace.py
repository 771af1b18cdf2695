"""Two processes never write one checkpoint folder; what is kept is kept whole."""

import json
import shutil
from pathlib import Path

import pytest

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.provenance import sha256, sidecar
from workflow_scripts.core.workspace import FINISHED, keep, published_again, workspace


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_what_one_run_leaves_the_next_one_finds():
    with workspace("abc") as folder:
        (folder / "state").touch()
    with workspace("abc") as folder:
        assert (folder / "state").exists()
    with workspace("xyz") as folder:
        assert not (folder / "state").exists()


def test_a_second_process_is_refused():
    with workspace("abc"), pytest.raises(InputError, match="in use"), workspace("abc"):
        pass


def published():
    """Two results with their sidecars, in two folders."""
    for path in (Path("one/a"), Path("two/b")):
        path.parent.mkdir()
        path.write_text(str(path))
        known = {"bytes": path.stat().st_size, "sha256": sha256(path)}
        sidecar(path).write_text(json.dumps(known))
    return [Path("one/a"), Path("two/b")]


def forget(paths):
    for path in paths:
        path.unlink()
        sidecar(path).unlink()


def test_what_is_kept_is_published_again_for_the_same_work_only():
    paths = published()
    keep("abc", paths)
    forget(paths)
    assert not published_again("xyz", paths)
    assert not published_again("abc", paths[:1])
    assert not any(path.exists() for path in paths)
    assert published_again("abc", paths)
    assert [path.read_text() for path in paths] == ["one/a", "two/b"]
    assert all(sidecar(path).exists() for path in paths)


def test_what_is_kept_takes_the_place_of_what_was_kept_before():
    paths = published()
    keep("abc", paths)
    keep("xyz", paths)
    assert not published_again("abc", paths)
    assert published_again("xyz", paths)


def test_results_that_can_be_linked_in_part_only_leave_no_half_outputs():
    paths = published()
    keep("abc", paths)
    forget(paths)
    shutil.rmtree("two")  # the second one has no place to go to
    assert not published_again("abc", paths)
    assert not list(Path("one").iterdir())


@pytest.mark.parametrize("unfit", ["no sidecar", "a folder", "not there"])
def test_results_that_can_be_kept_in_part_only_are_not_kept(unfit, caplog):
    paths = published()
    if unfit == "no sidecar":
        sidecar(paths[1]).unlink()
    else:
        paths[1].unlink()
    if unfit == "a folder":  # has no hard links
        paths[1].mkdir()
    keep("abc", paths)
    assert not list(FINISHED.iterdir())
    assert "not kept for later" in caplog.text
    assert paths[0].read_text() == "one/a"

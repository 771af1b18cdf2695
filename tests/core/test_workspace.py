"""Two processes never write one checkpoint folder."""

import pytest

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.workspace import workspace


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

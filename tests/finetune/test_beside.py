"""Work side by side ends as work in turn does: with results, or with one line."""

import os
from pathlib import Path

import pytest

from workflow_scripts.core.errors import InputError
from workflow_scripts.finetune.beside import side_by_side


def leave_a_mark(share):
    Path(share).write_text(str(os.getpid()))


def refuse(share):
    raise InputError(f"{share}: not this one")


def test_each_share_has_a_process_of_its_own(tmp_path):
    shares = [str(tmp_path / name) for name in ("one", "two")]
    side_by_side(leave_a_mark, shares)
    workers = {Path(share).read_text() for share in shares}
    assert len(workers) == 2
    assert str(os.getpid()) not in workers


def test_a_single_share_is_done_here(tmp_path):
    side_by_side(leave_a_mark, [str(tmp_path / "one")])
    assert (tmp_path / "one").read_text() == str(os.getpid())


def test_what_a_process_refuses_is_refused_here_with_its_line():
    with pytest.raises(InputError, match=r"^(one|two): not this one$"):
        side_by_side(refuse, ["one", "two"])

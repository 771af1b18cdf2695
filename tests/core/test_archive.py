"""A folder that grows: every file keeps its shard, and only what changed is seen."""

import os
import random
from itertools import chain

import pytest

from workflow_scripts.core import archive
from workflow_scripts.core.errors import InputError


def filled(root, names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    return root


def test_all_that_is_no_folder_is_found_by_its_bytes(tmp_path):
    filled(tmp_path, ["b/one.dcm", "a b", "50%", "new\nline"])
    with open(os.fsencode(tmp_path) + b"/\xff.dcm", "wb"):  # noqa: PTH123
        pass
    (tmp_path / "link").symlink_to("nowhere")
    found = ["%FF.dcm", "50%25", "a b", "b/one.dcm", "link", "new%0Aline"]
    assert list(archive.walk(tmp_path)) == sorted(found)


def test_the_state_of_a_file_follows_its_size_and_time(tmp_path):
    filled(tmp_path, ["one", "two"])
    before = archive.walk(tmp_path)
    os.utime(tmp_path / "one", ns=(1, 1))
    (tmp_path / "two").write_bytes(b"longer than before")
    after = archive.walk(tmp_path)
    assert all(before[name] != after[name] for name in ("one", "two"))


def test_of_what_is_watched_elsewhere_only_the_name_counts(tmp_path):
    filled(tmp_path, ["labels.csv", "masks/a.png", "masks_of_others"])
    before = archive.walk(tmp_path, ["labels.csv", "masks"])
    for name in ("labels.csv", "masks/a.png", "masks_of_others"):
        (tmp_path / name).write_bytes(b"another content")
    after = archive.walk(tmp_path, ["labels.csv", "masks"])
    assert [name for name in after if after[name] != before[name]] == [
        "masks_of_others"
    ]


def test_a_change_that_a_time_stamp_hid_is_seen_once_it_was_noted(tmp_path):
    root = filled(tmp_path / "root", ["one", "two"])
    before = archive.states(root, (), tmp_path / "private")
    archive.remember(tmp_path / "private", archive.CHANGED, {"one": "abc"})
    after = archive.states(root, (), tmp_path / "private")
    assert [name for name in after if after[name] != before[name]] == ["one"]


def test_a_folder_that_cannot_be_listed_is_one_clear_error(tmp_path):
    with pytest.raises(InputError, match="FileNotFoundError"):
        archive.walk(tmp_path / "gone")


@pytest.mark.parametrize("seed", range(20))
def test_a_file_keeps_its_shard_whatever_comes_and_goes(seed):
    chance = random.Random(seed)
    at_most = chance.randint(1, 9)
    files: set[str] = set()
    shards: dict[str, int] = {}
    for _ in range(30):
        gone = set(chance.sample(sorted(files), min(len(files), chance.randint(0, 4))))
        files = (files - gone) | {
            str(chance.random()) for _ in range(chance.randint(0, 8))
        }
        before, shards = (
            shards,
            archive.assigned(sorted(files), shards, at_most=at_most),
        )
        assert set(shards) == files
        assert all(shards[name] == before[name] for name in files & set(before))
        assert all(
            list(shards.values()).count(number) <= at_most for number in shards.values()
        )


def test_new_files_fill_the_last_shard_and_then_new_ones():
    first = archive.assigned([f"a{i}" for i in range(5)], {}, at_most=3)
    assert sorted(first.values()) == [0, 0, 0, 1, 1]
    second = archive.assigned([*first, "0", "1", "b"], first, at_most=3)
    assert [second[name] for name in ("0", "1", "b")] == [1, 2, 2]


def test_phantoms_are_cut_evenly_and_every_file_is_in_one_shard(tmp_path):
    filled(tmp_path, [f"{i:02d}" for i in range(10)])
    shards = [archive.in_shard(tmp_path, tmp_path, n, 3, "") for n in range(3)]
    assert sorted(chain.from_iterable(shards)) == [f"{i:02d}" for i in range(10)]
    assert all(shards)


def test_what_is_remembered_is_open_to_nobody_else(tmp_path):
    archive.remember(tmp_path / "private", archive.SHARDS, {"a": 1})
    assert archive.remembered(tmp_path / "private", archive.SHARDS) == {"a": 1}
    assert (tmp_path / "private").stat().st_mode & 0o077 == 0
    assert (tmp_path / "private" / archive.SHARDS).stat().st_mode & 0o077 == 0
    assert archive.remembered(tmp_path / "nowhere", archive.SHARDS) == {}

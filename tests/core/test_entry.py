"""A step's signature is its command line; its outputs appear whole or not at all."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from workflow_scripts.core import entry, provenance, workspace
from workflow_scripts.core.entry import (
    Apart,
    Earlier,
    Identity,
    Input,
    Inputs,
    Output,
    Outputs,
)
from workflow_scripts.core.errors import InputError

KEPT = ["0-out.txt", "0-out.txt.provenance.json", "identity"]  # of one output


@dataclass(frozen=True, kw_only=True)
class Recipe:
    epochs: int


def packed(**choices):
    recipe = {"rule": "stage_step", "wildcards": {}, "choices": choices}
    return json.dumps({**recipe, "code": ["a.py@1"], "pins": "0"})


@pytest.fixture
def files(tmp_path):
    (tmp_path / "in.txt").write_text("given")
    return tmp_path


def call(main, folder, **choices):
    entry.run(
        main,
        [
            *("--images", str(folder / "in.txt"), "--recipe", packed(**choices)),
            *("--encoder", str(folder / "made" / "out.txt")),
        ],
    )


def writes(*, images: Input, recipe: Recipe, encoder: Output) -> None:
    encoder.write_text(f"{images.read_text()} {recipe.epochs}")


def test_the_signature_is_the_command_line(files):
    call(writes, files, epochs=3)
    assert (files / "made" / "out.txt").read_text() == "given 3"


def test_several_inputs_and_wildcards_have_flags_too(tmp_path):
    seen = {}

    def main(*, parts: Inputs, shard: int, budget: str, recipe: Recipe) -> None:
        seen.update(parts=parts, shard=shard, budget=budget)

    for name in "ab":
        (tmp_path / name).touch()
    parts = [str(tmp_path / name) for name in "ab"]
    rest = ["--shard", "7", "--budget", "1pct", "--recipe", packed(epochs=1)]
    entry.run(main, ["--parts", *parts, *rest])
    assert seen == {"parts": [Path(p) for p in parts], "shard": 7, "budget": "1pct"}


def test_several_outputs_under_one_flag_appear_together_or_not_at_all(files):
    parts = [files / "made" / str(number) / "same_name" for number in range(2)]

    def main(*, images: Input, recipe: Recipe, parts: Outputs) -> None:
        for part in parts:
            part.write_text(images.read_text() + part.parent.name)
        assert not recipe.epochs, "broke"

    def run(epochs):
        flags = ["--images", str(files / "in.txt"), "--recipe", packed(epochs=epochs)]
        entry.run(main, [*flags, "--parts", *map(str, parts)])

    with pytest.raises(AssertionError):
        run(epochs=1)
    assert not [path for path in (files / "made").rglob("*") if path.is_file()]
    run(epochs=0)
    assert [part.read_text() for part in parts] == ["given0", "given1"]
    assert all(provenance.intact(part) for part in parts)


@pytest.mark.parametrize("choices", [{}, {"epoch": 3}, {"epochs": 3, "more": 1}])
def test_a_misspelt_choice_is_refused(files, choices, capsys):
    with pytest.raises(SystemExit):
        call(writes, files, **choices)
    assert "recipe: wants ['epochs']" in capsys.readouterr().err


def test_beside_every_output_lies_its_provenance(files):
    call(writes, files, epochs=3)
    text = (files / "made" / "out.txt.provenance.json").read_text()
    known = json.loads(text)
    assert known["choices"] == {"epochs": 3}
    assert known["code"] == ["a.py@1"]
    assert known["inputs"]["images"][0]["bytes"] == 5
    assert {"sha256", "versions", "device", "seconds", "started"} <= known.keys()


def test_a_step_that_fails_leaves_nothing_behind(files):
    def main(*, images: Input, recipe: Recipe, encoder: Output) -> None:
        encoder.write_text("half")
        raise KeyError("broke")

    with pytest.raises(KeyError):
        call(main, files, epochs=1)
    assert not list((files / "made").iterdir())


def test_what_a_user_can_mend_ends_in_one_line_not_in_a_traceback(files, capsys):
    def main(*, images: Input, recipe: Recipe, encoder: Output) -> None:
        raise InputError("table: column 'x' is missing")

    with pytest.raises(SystemExit) as ended:
        call(main, files, epochs=1)
    assert ended.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("ERROR stage_step: table: column 'x' is missing")


def test_of_a_step_that_sees_raw_data_an_error_is_told_without_its_message(
    files, capsys
):
    def main(*, images: Input, recipe: Recipe, encoder: Output) -> None:
        encoder.write_text("half")
        raise KeyError(images.read_text())

    (files / "in.txt").write_text("Anna")
    recipe = packed(epochs=1).replace("stage_step", "ingest_step")
    flags = ["--images", str(files / "in.txt"), "--recipe", recipe]
    with pytest.raises(SystemExit) as ended:
        entry.run(main, [*flags, "--encoder", str(files / "made" / "out.txt")])
    assert ended.value.code == 1
    told = capsys.readouterr().err
    assert "ERROR ingest_step: KeyError\n" in told
    assert "test_entry.py" in told
    assert "Anna" not in told
    assert not list((files / "made").iterdir())


def test_what_a_killed_step_left_is_swept_away(files):
    (files / "made").mkdir()
    dead = files / "made" / ".partial-999999999-out.txt"
    alive = files / "made" / f".partial-{os.getppid()}-out.txt"
    dead.touch()
    alive.touch()
    call(writes, files, epochs=1)
    assert not dead.exists()
    assert alive.exists()


def test_an_input_that_was_edited_after_its_step_wrote_it_is_refused(files):
    call(writes, files, epochs=3)
    made = files / "made" / "out.txt"
    made.write_text("given 4")
    flags = ["--images", str(made), "--recipe", packed(epochs=1)]
    with pytest.raises(SystemExit, match="changed since its step wrote it"):
        entry.run(writes, [*flags, "--encoder", str(files / "next.txt")])


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00", '{"bytes": 7}'])
@pytest.mark.parametrize("enough", [0, 1000])
def test_an_input_whose_sidecar_is_garbled_is_refused(files, monkeypatch, text, enough):
    monkeypatch.setattr(provenance, "VERIFIED_BYTES", enough)
    call(writes, files, epochs=3)
    made = files / "made" / "out.txt"
    provenance.sidecar(made).write_text(text)
    with pytest.raises(SystemExit, match="changed since its step wrote it"):
        provenance.Record.begin(packed(), {"images": [made]})


@pytest.fixture
def shards(tmp_path, monkeypatch):
    """Three inputs of 7 bytes with sidecars, whose bytes were flipped since."""
    monkeypatch.setattr(provenance, "VERIFIED_BYTES", 20)
    (tmp_path / "in.txt").write_text("given")
    for name in "abc":
        recipe = ["--images", str(tmp_path / "in.txt"), "--recipe", packed(epochs=3)]
        entry.run(writes, [*recipe, "--encoder", str(tmp_path / name)])
        (tmp_path / name).write_text("flipped")
    return [tmp_path / name for name in "abc"]


def test_many_inputs_that_are_large_together_are_taken_at_their_sidecars_word(shards):
    record = provenance.Record.begin(packed(), {"images": shards})
    told = [json.loads(provenance.sidecar(path).read_text()) for path in shards]
    known = [one["sha256"] for one in record.inputs["images"]]
    assert known == [one["sha256"] for one in told]


def test_inputs_of_several_flags_are_not_large_together(shards):
    with pytest.raises(SystemExit, match="changed since its step wrote it"):
        provenance.Record.begin(packed(), {"images": shards[:2], "more": shards[2:]})


def test_of_inputs_that_are_large_together_one_of_another_size_is_refused(shards):
    shards[1].write_text("longer than it was")
    with pytest.raises(SystemExit, match="b: changed since its step wrote it"):
        provenance.Record.begin(packed(), {"images": shards})


def test_of_inputs_that_are_large_together_one_without_a_sidecar_is_read(shards):
    provenance.sidecar(shards[1]).unlink()
    record = provenance.Record.begin(packed(), {"images": shards})
    assert record.inputs["images"][1]["sha256"] == provenance.sha256(shards[1])


def test_an_input_that_changes_while_it_is_read_fails_the_step(files):
    def main(*, images: Input, recipe: Recipe, encoder: Output) -> None:
        encoder.write_text(images.read_text())
        images.write_text("something else")

    with pytest.raises(SystemExit):
        call(main, files, epochs=1)
    assert not (files / "made" / "out.txt").exists()


def test_the_identity_follows_inputs_and_choices(files, monkeypatch):
    monkeypatch.chdir(files)
    seen = []

    def main(
        *, images: Input, recipe: Recipe, identity: Identity, encoder: Output
    ) -> None:
        seen.append(identity)
        encoder.touch()

    call(main, files, epochs=1)
    shutil.rmtree(workspace.FINISHED)
    call(main, files, epochs=1)
    call(main, files, epochs=2)
    (files / "in.txt").write_text("other")
    call(main, files, epochs=2)
    assert seen[0] == seen[1]
    assert len(set(seen)) == 3


@pytest.fixture
def cells(files, monkeypatch):
    """A step that says itself what matters of `draw`; what each call was told."""
    monkeypatch.chdir(files)
    told = []

    def main(
        *,
        images: Input,
        draw: Apart,
        recipe: Recipe,
        identity: Identity,
        earlier: Earlier,
        encoder: Output,
    ) -> None:
        told.append((identity, [path.read_text() for path in earlier]))
        encoder.write_text(draw.read_text())

    def run(draw, epochs=1):
        (files / "made" / "out.txt").unlink(missing_ok=True)  # as Snakemake does
        (files / "draw.txt").write_text(draw)
        flags = ["--images", "in.txt", "--draw", "draw.txt"]
        more = ["--recipe", packed(epochs=epochs), "--encoder", "made/out.txt"]
        entry.run(main, [*flags, *more])
        return told

    return run


def test_the_identity_does_not_follow_what_stands_apart(cells):
    cells("0")
    cells("0 1")
    told = cells("0 1", epochs=2)
    assert len(told) == 3
    assert told[0][0] == told[1][0] != told[2][0]


def test_what_is_published_again_follows_what_stands_apart(cells):
    assert len(cells("0")) == 1
    assert len(cells("0")) == 1
    assert len(cells("0 1")) == 2
    assert len(cells("0")) == 3  # only the last result is kept
    assert Path("made/out.txt").read_text() == "0"


def test_a_step_finds_what_it_published_before(cells):
    cells("0")
    cells("0 1")
    told = cells("0 1", epochs=2)
    assert [earlier for _, earlier in told] == [[], ["0"], ["0 1"]]


@pytest.mark.parametrize("name", KEPT[:2])
@pytest.mark.parametrize("left", [None, b"", b"{", b"\xff\x00"])
def test_what_was_published_before_and_is_damaged_is_not_shown(cells, name, left):
    cells("0")
    (kept,) = workspace.FINISHED.glob(f"*/{name}")
    kept.unlink()
    if left is not None:
        kept.write_bytes(left)
    assert cells("0 1")[-1][1] == []


def test_what_was_published_before_and_is_overwritten_in_place_is_not_shown(cells):
    cells("0")
    with Path("made/out.txt").open("r+") as published:  # the same file as the kept one
        published.write("1")
    assert cells("0 1")[-1][1] == []


def test_the_provenance_names_what_stands_apart(cells):
    cells("0")
    known = json.loads(provenance.sidecar(Path("made/out.txt")).read_text())
    assert [one["path"] for one in known["inputs"]["draw"]] == ["draw.txt"]


def test_a_parameter_of_an_unknown_kind_is_a_bug():
    def main(*, rate: float, recipe: Recipe) -> None: ...

    with pytest.raises(TypeError, match="cannot be of type"):
        entry.run(main, [])


@pytest.fixture
def long_work(files, monkeypatch):
    """A step worth keeping, called as often as `done` is long."""
    monkeypatch.chdir(files)
    done = []

    def main(
        *, images: Input, recipe: Recipe, identity: Identity, encoder: Output
    ) -> None:
        done.append(identity)
        encoder.write_text(f"{images.read_text()} {recipe.epochs}")

    def again(epochs=3):
        (Path("made") / "out.txt").unlink(missing_ok=True)  # as Snakemake does
        call(main, files, epochs=epochs)
        return len(done)

    return again


def test_long_work_is_not_done_twice_when_its_inputs_are_only_written_anew(long_work):
    assert long_work() == 1
    Path("in.txt").write_text("given")
    before = Path("in.txt").stat().st_mtime_ns
    assert long_work() == 1
    assert Path("made/out.txt").read_text() == "given 3"
    assert Path("made/out.txt").stat().st_mtime_ns >= before


def test_long_work_is_done_again_for_another_input_or_choice(long_work):
    long_work()
    Path("in.txt").write_text("other")
    assert long_work() == 2
    assert long_work(epochs=4) == 3
    assert Path("made/out.txt").read_text() == "other 4"


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("left", [None, b"", b"{", b"[]", b"{}", b"\xff\x00"])
def test_kept_work_that_is_missing_or_damaged_is_done_again(long_work, name, left):
    long_work()
    (kept,) = workspace.FINISHED.glob(f"*/{name}")
    kept.unlink()
    if left is not None:
        kept.write_bytes(left)
    assert long_work() == 2
    assert Path("made/out.txt").read_text() == "given 3"
    assert long_work() == 2


def test_a_job_whose_result_cannot_be_kept_is_finished_all_the_same(long_work, capsys):
    workspace.CHECKPOINTS.mkdir(parents=True)
    workspace.FINISHED.touch()  # no folder can be made below a file
    assert long_work() == 1
    assert Path("made/out.txt").read_text() == "given 3"
    assert "not kept for later" in capsys.readouterr().err


def test_the_checkpoint_of_a_job_is_discarded_last(files, monkeypatch):
    monkeypatch.chdir(files)
    there = []

    def main(
        *, images: Input, recipe: Recipe, identity: Identity, encoder: Output
    ) -> None:
        with workspace.workspace(identity) as folder:
            (folder / "state").touch()
        encoder.touch()

    def seen(_):
        there.extend(workspace.CHECKPOINTS.glob("*/state"))
        return True

    workspace.CHECKPOINTS.mkdir(parents=True)
    workspace.FINISHED.touch()  # so that `keep` has something to tell
    workspace.log.addFilter(seen)
    try:
        call(main, files, epochs=1)
    finally:
        workspace.log.removeFilter(seen)
    assert len(there) == 1
    assert not there[0].exists()


def test_the_checkpoint_of_work_that_is_taken_again_is_discarded(long_work):
    long_work()
    (mark,) = workspace.FINISHED.glob("*/identity")
    left = workspace.CHECKPOINTS / mark.read_text()
    left.mkdir()  # by a step killed before it was discarded
    assert long_work() == 1
    assert not left.exists()

"""Nothing of a person leaves ingestion, whatever holds it and whatever goes wrong."""

import base64
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from tests.ingest.canaries import (
    FILES,
    LABELS,
    PLACES,
    STEM,
    WORDS,
    hits,
    person,
    plant,
    spelled,
    unpacked,
)
from tests.ingest.chain import ingest
from tests.ingest.synthetic import chest, compressed, dicom_bytes, png_bytes, write
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.ingest import DECODED
from workflow_scripts.ingest import decode, described, find, gather, label, mask, masks
from workflow_scripts.ingest.bounded import LIMITS, Limits, readings
from workflow_scripts.ingest.pseudonym import Pseudonyms
from workflow_scripts.ingest.reading import Reader
from workflow_scripts.ingest.reasons import REASONS

ROOT = Path(__file__).parents[2]
TIGHT = Limits(memory_bytes=LIMITS.memory_bytes, seconds=0.5)
PATIENT = Limits(memory_bytes=LIMITS.memory_bytes, seconds=3)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    plant(folder)
    return folder


def ingested(folder, out, *, table=True):
    known = {"table": folder / "labels.csv", "labels": LABELS} if table else {}
    key_file = str(out.with_name("key"))
    return ingest(
        folder / "root", out, masks=folder / "masks", key_file=key_file, **known
    )


def test_words_are_planted_in_two_hundred_places_and_stand_there(planted):
    assert len(PLACES) == len(set(WORDS.values())) >= 200
    assert set(PLACES) - unpacked(planted) == {"deflated", "PNG zTXt"}
    files = {f"{number}.file" for number in range(len(FILES))}
    assert files < {path.name for path in (planted / "root").iterdir()}


@pytest.mark.parametrize(
    "text",
    [
        *(f"a {STEM}017 b", f"a{STEM.lower()}017", f"{STEM}017".encode("utf-16")),
        *(f"{STEM}017".encode().hex(), "1901-02-03T00:00", b"\0\x01" + STEM.encode()),
        *(base64.b64encode(b"x" * n + STEM.encode() + b"0170") for n in range(4)),
        *(base64.b32encode(b"x" * n + STEM.encode() + b"0170") for n in range(6)),
    ],
)
def test_a_word_is_found_in_whatever_spelling(text):
    assert spelled(text)
    assert not spelled("nothing of this kind: 1901203, PHI, CANARY")


@pytest.mark.parametrize("table", [True, False], ids=["label table", "no table"])
def test_no_byte_that_a_run_wrote_holds_a_word_but_private_ones_hold_names_of_files(
    planted, tmp_path, capfd, table
):
    done = ingested(planted, tmp_path / "out", table=table)
    assert hits(done.out, *capfd.readouterr()) == []
    reasons = done.reasons()
    assert reasons["whole.dcm"] == "ok"
    assert list(reasons.values()).count("ok") > 50
    assert len(set(reasons.values())) > 15
    assert "reader_died" not in reasons.values()
    assert len(done.labels) == (18 if table else 0)
    kept = (done.out / "private/paths.parquet").rename(done.out / "moved.parquet")
    names = {place for place in PLACES if place.startswith("name: ")}
    found = {hit.partition(": ")[2] for hit in hits(done.out)}
    assert found == names - {"name: mask"}, kept


# Crashes -----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Crashing(Reader):
    """Does what the end of a file's name says, with all that it knows of the file."""

    def read(self, path):
        told = f"{self.root}/{path} {STEM}001"
        os.write(2, told.encode())
        match path.rpartition(".")[2]:
            case "abort":
                os.abort()
            case "hang":
                time.sleep(60)
            case "bug":
                raise RuntimeError(told)
        return super().read(path)

    def _read(self, path, reading):
        super()._read(path, reading)
        if path.endswith("raise"):
            reading.row["patient"] = STEM
            raise OSError(2, "no such patient", f"{path} {STEM}001")


def crash(root, out):
    """Ingest with a reader that does harm, as a process that may be killed."""
    decode.Reader = Crashing
    ingested(root, out)


def test_a_reader_that_dies_hangs_or_raises_tells_nothing(tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(decode, "Reader", Crashing)
    monkeypatch.setattr(decode.bounded, "readings", partial(readings, limits=TIGHT))
    deeds = ("abort", "hang", "bug", "fine")
    for seed, deed in enumerate(deeds):
        name = f"{WORDS['name: plain']}.{deed}"
        write(tmp_path / "root" / name, person(seed))
    done = ingest(tmp_path / "root", tmp_path / "out")
    codes = [done.reasons()[f"{WORDS['name: plain']}.{deed}"] for deed in deeds]
    assert codes == ["reader_died", "too_slow", "reader_died", "ok"]
    assert hits(done.out, *capfd.readouterr()) == []


def test_of_an_error_in_a_file_only_the_class_is_told(tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(decode, "Reader", Crashing)
    write(tmp_path / "root/a.raise", person(1))
    with pytest.raises(SystemExit):  # for the word in the row
        ingest(tmp_path / "root", tmp_path / "out")
    output = capfd.readouterr()
    assert "unreadable FileNotFoundError" in output.err
    assert hits(tmp_path / "out", *output) == []


def test_a_step_that_is_killed_leaves_nothing(planted, tmp_path):
    root = tmp_path / "all"
    subprocess.run(["cp", "-a", str(planted), str(root)], check=True)
    write(root / "root/zz.hang", person(1))
    program = "import sys, pathlib; from tests.ingest.test_canaries import crash; "
    program += "crash(*map(pathlib.Path, sys.argv[1:]))"
    command = [sys.executable, "-W", "ignore", "-c", program, root, tmp_path / "out"]
    with (tmp_path / "log").open("wb") as log:
        step = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    pixels = tmp_path / "out/pixels"
    deadline = time.monotonic() + 60
    while not any(p.stat().st_size for p in pixels.glob(".partial-*-1.u8")):
        assert step.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    started = psutil.Process(step.pid).children()
    step.kill()
    step.wait()
    for child in started:
        child.kill()
    assert list(pixels.glob(".partial-*"))
    assert hits(tmp_path / "out", (tmp_path / "log").read_bytes()) == []


@pytest.mark.parametrize(
    ("module", "name", "rule"),
    [
        (find, "with_ids", "ingest_find"),
        (decode, "of_shard", "ingest_decode"),
        (mask, "fitted", "ingest_mask"),
        (gather.described, "facts", "ingest_gather"),
        (gather.copies, "settle", "ingest_gather"),
        (label.described, "said", "ingest_label"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_exception_nobody_thought_of_is_told_without_its_message(
    tmp_path, capfd, monkeypatch, module, name, rule
):
    def broken(*_, **__):
        cell = f"{STEM}001"
        try:
            raise KeyError(cell)
        except KeyError as error:
            raise ValueError(f"invalid literal: {cell!r}") from error

    write(tmp_path / "root/a.dcm", person(1))
    write(tmp_path / "masks/a.png", png_bytes(np.ones((60, 48), np.uint8)))
    monkeypatch.setattr(module, name, broken)
    with pytest.raises(SystemExit) as ended:
        ingest(tmp_path / "root", tmp_path / "out", masks=tmp_path / "masks")
    assert ended.value.code == 1
    output = capfd.readouterr()
    assert f"ERROR {rule}: ValueError" in output.err
    assert "in broken" in output.err
    assert hits(tmp_path / "out", *output) == []


@pytest.mark.parametrize(
    "source", ["folder", "by_name", "montgomery", "shenzhen", "scr"]
)
def test_a_name_too_long_for_a_mask_has_none(tmp_path, source):
    name = STEM + "x" * 245
    assert masks.load(source)(tmp_path, [name])(name) is None


# Tables ------------------------------------------------------------------------------

HEAD = "file,pid,Set,view,sex,age,Effusion,Report\n"
GOOD = "a.png,A,train,PA,F,40,1,yes\n"
WORD = f"{STEM}001"
CELLS = GOOD.strip().split(",")
TABLES = {
    **{
        f"cell {n}": HEAD + ",".join([*CELLS[:n], WORD, *CELLS[n + 1 :]])
        for n in range(len(CELLS))
    },
    "column lost": HEAD.replace("pid", WORD) + GOOD,
    "column twice": HEAD.replace("pid,Set", f"{WORD},{WORD}") + GOOD,
    "no header": GOOD.replace("A", WORD) * 2,
    "comment": f"{HEAD}# {WORD}\n{GOOD}",
    "long row": HEAD + GOOD.strip() + f",{WORD}\n",
    "two rows of a file": HEAD + GOOD + GOOD.replace("A", WORD),
    "none fits": HEAD + GOOD.replace("a.png", f"{WORD}.png"),
    "quote left open": HEAD + GOOD + f'"{WORD}',
    "zero byte": HEAD + GOOD.replace("A", f"{WORD}\0"),
    "a cell too long": HEAD + GOOD.replace("A", WORD * 20000),
    "latin-1": (HEAD + GOOD.replace("A", f"M\xfcller {WORD}")).encode("latin-1"),
    "utf-16": (HEAD + GOOD.replace("A", WORD)).encode("utf-16"),
    "odd places": HEAD + "".join(GOOD.replace("a.png", p) for p in ("..", "/", "\\")),
}


def refusal(ask, source):
    try:
        ask("folder", source)
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", TABLES)
def test_of_a_broken_table_no_cell_is_quoted(tmp_path, kind, caplog):
    text = TABLES[kind]
    table = tmp_path / "labels.csv"
    table.write_bytes(text if isinstance(text, bytes) else text.encode())
    files = pd.DataFrame({"file_id": ["1"], "path": ["a.png"], "image_id": [None]})
    files = files.assign(reason="ok", transfer_syntax="png")
    pseudonyms = Pseudonyms(b"k", "north")
    source = described.source(files, [table], LABELS, {}, pseudonyms)
    for ask in (described.facts, described.said):
        assert spelled(error := refusal(ask, source)) == []
        assert not error or "labels.csv" in error
    assert spelled(caplog.text) == []


# Damage ------------------------------------------------------------------------------


def damaged(data, rng):
    """Return `data` with some bytes changed, lost, repeated or put in."""
    changed = bytearray(data)
    head = rng.random() < 0.7  # where the tags stand
    for _ in range(rng.integers(1, 6)):
        size = min(len(changed), 4000) if head else len(changed)
        at = int(rng.integers(0, max(size, 1)))
        more = int(rng.integers(1, 30))
        match rng.integers(0, 5):
            case 0 if changed:
                changed[at] ^= 1 << int(rng.integers(0, 8))
            case 1:
                changed[at : at + 4] = b"\xff" * 4
            case 2:
                del changed[at : at + more]
            case 3:
                changed[at:at] = changed[at : at + more]
            case 4 if rng.random() < 0.3:
                del changed[at + 1 :]
    return bytes(changed)


def numbered(ds):
    """Return a file without a random UID: the same bytes in every run."""
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    ds.StudyInstanceUID = "1.2.4"
    return dicom_bytes(ds)


def test_no_damage_crashes_a_run_or_makes_it_talk(tmp_path, capfd):
    rng = np.random.default_rng(2026)
    grey = chest(3, bits=8).astype(np.uint8)
    whole = [
        numbered(person(1)),
        numbered(person(ds=compressed(chest(2), "1.2.840.10008.1.2.4.80"))),
        numbered(person(ds=compressed(chest(2), "1.2.840.10008.1.2.4.90"))),
        png_bytes(grey),
        png_bytes(grey, "jpeg", comment=f"{STEM}001"),
    ]
    names = []
    for number in range(400):
        content = damaged(whole[number % 3 if number < 300 else 3 + number % 2], rng)
        names.append(f"{number}")
        (tmp_path / names[-1]).write_bytes(content)
    reader = Reader(
        root=tmp_path,
        pseudonyms=Pseudonyms(b"k" * 32, "north"),
        long_side_px=64,
        exclude=frozenset(),
        checks=(),
        raw=None,
    )
    done = list(readings(reader, names, PATIENT))
    assert len(done) == len(names)
    assert {one.code for one in done} <= REASONS.keys()
    assert len({one.code for one in done}) > 5
    rows = [
        {
            "file_id": name,
            "status": REASONS[one.code].status,
            "reason": one.code,
            "detail": one.detail or None,
            **one.row,
        }
        for name, one in zip(names, done, strict=True)
    ]
    table = DECODED.check(pd.DataFrame(rows).reindex(columns=list(DECODED.columns)))
    assert spelled(table.to_csv()) == []
    assert spelled("".join(capfd.readouterr())) == []

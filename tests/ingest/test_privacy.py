"""Privacy: pseudonyms are keyed, ages are bounded, placeholders are nobody."""

import math
import stat
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.ingest.chain import ingest
from tests.ingest.synthetic import dataset, write
from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest import person
from workflow_scripts.ingest.pseudonym import Pseudonyms, make_key, read_key


def of(text, key=b"k", site="north", issuer=""):
    return Pseudonyms(key, site).of("patient", text, issuer=issuer)


def test_an_id_is_a_string_without_its_padding():
    assert of("007") != of("7")
    assert of(" P0042 \0") == of("P0042")
    assert of("p0042") != of("P0042")
    assert len(of("P0042")) == 26


def test_key_site_issuer_and_kind_all_count():
    others = [
        of("1", key=b"other"),
        of("1", site="south"),
        of("1", issuer="ward"),
        Pseudonyms(b"k", "north").of("study", "1"),
    ]
    assert len({of("1"), *others}) == 5


def test_the_key_file_is_made_once_and_is_private(tmp_path):
    key_file = tmp_path / "config/fewray/key"
    make_key(str(key_file), private(tmp_path))
    first = read_key(str(key_file), private(tmp_path))
    make_key(str(key_file), private(tmp_path))
    assert read_key(str(key_file), private(tmp_path)) == first
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(key_file.parent.stat().st_mode) == 0o700
    assert [path.name for path in key_file.parent.iterdir()] == ["key"]


def private(ingest):
    folder = ingest / "dataset/private"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _make(key_file):
    make_key(key_file, private(Path(key_file).parent))
    return read_key(key_file, private(Path(key_file).parent))


def test_several_datasets_at_once_agree_on_one_key(tmp_path):
    with get_context("fork").Pool(4) as pool:
        keys = pool.map(_make, [str(tmp_path / "key")] * 16, chunksize=1)
    assert len(set(keys)) == 1


@pytest.mark.parametrize("name", ["key", "sub/key", "../here/key"])
def test_a_key_file_in_the_working_folder_is_refused(tmp_path, monkeypatch, name):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for act in (make_key, read_key):
        with pytest.raises(InputError, match="outside the working folder"):
            act(name, private(tmp_path))


def test_a_key_file_open_to_others_is_refused(tmp_path):
    make_key(str(tmp_path / "key"), private(tmp_path))
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(InputError, match="chmod 600"):
        read_key(str(tmp_path / "key"), private(tmp_path))


def test_another_key_than_made_the_pseudonyms_is_refused(tmp_path):
    make_key(str(tmp_path / "key"), private(tmp_path / "ingest"))
    make_key(str(tmp_path / "other"), private(tmp_path))
    (tmp_path / "other").rename(tmp_path / "key")
    with pytest.raises(InputError, match="is not the key"):
        read_key(str(tmp_path / "key"), private(tmp_path / "ingest"))


def test_a_lost_key_is_not_made_anew(tmp_path):
    make_key(str(tmp_path / "key"), private(tmp_path / "ingest"))
    (tmp_path / "key").unlink()
    with pytest.raises(InputError, match="is lost"):
        make_key(str(tmp_path / "key"), private(tmp_path / "ingest"))
    assert not (tmp_path / "key").exists()


def test_another_key_gives_other_pseudonyms(tmp_path):
    write(tmp_path / "root/a", dataset())
    one, two = (
        ingest(
            tmp_path / "root",
            tmp_path / key / "out",
            key_file=str(tmp_path / f"{key}.key"),
        )
        for key in ("one", "two")
    )
    for name in ("image_id", "patient_id", "study_id", "file_id"):
        assert set(one.images[name]).isdisjoint(two.images[name])


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("045Y", 45),
        ("45", 45),
        ("006M", 0.5),
        ("003D", 3 / 365.25),
        ("090Y", 90),
        ("101Y", 90),
        ("148Y", math.nan),
        ("ADULT", math.nan),
        ("-4", math.nan),
        ("", math.nan),
    ],
)
def test_ages_are_years_or_unknown(text, age):
    assert person.years(text) == pytest.approx(age, nan_ok=True)


def test_placeholders_are_nobody():
    for patient in ("ANONYMOUS", "Unknown", "none", "0", "0000", "---", "N/A", "?"):
        assert person.placeholder(patient), patient
    for patient in ("7", "007", "P0", "A", "NONEMACHER", "100"):
        assert not person.placeholder(patient), patient

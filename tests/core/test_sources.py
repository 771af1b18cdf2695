"""The digest of a step's code: words do not count, meaning does."""

import pytest

from workflow_scripts.core import sources


@pytest.fixture
def package(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "PACKAGE", "toy")
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "__init__.py").touch()
    (tmp_path / "toy" / "step.py").write_text("from toy import far\nX = 1\n")
    (tmp_path / "toy" / "far.py").write_text("def f():\n    from toy import lazy\n")
    (tmp_path / "toy" / "lazy.py").write_text("Y = 1\n")
    (tmp_path / "toy" / "other.py").write_text("Z = 1\n")
    return tmp_path


def stamps(root):
    sources._digest.cache_clear()
    sources._tree.cache_clear()
    return sources.stamps("toy.step", root=root)


def edit(package, name, text):
    before = stamps(package)
    (package / "toy" / name).write_text(text)
    return before, stamps(package)


def test_every_module_behind_a_step_is_named_once(package):
    names = [stamp.partition("@")[0] for stamp in stamps(package)]
    assert names == ["toy/__init__.py", "toy/far.py", "toy/lazy.py", "toy/step.py"]


def test_words_do_not_count(package):
    text = '"""Words."""\nfrom toy import far  # more\n\nX  =  1\n'
    before, after = edit(package, "step.py", text)
    assert before == after


def test_meaning_counts_and_names_its_file(package):
    before, after = edit(package, "step.py", "from toy import far\nX = 2\n")
    (changed,) = set(after) - set(before)
    assert changed.startswith("toy/step.py@")


def test_an_import_inside_a_function_counts(package):
    before, after = edit(package, "lazy.py", "Y = 2\n")
    assert before != after


def test_what_is_not_imported_does_not_count(package):
    before, after = edit(package, "other.py", "Z = 2\n")
    assert before == after


def test_a_step_that_is_not_there_is_refused(package):
    with pytest.raises(ModuleNotFoundError, match=r"toy\.nowhere"):
        sources.stamps("toy.nowhere", root=package)


def test_a_relative_import_is_refused(package):
    (package / "toy" / "step.py").write_text("from . import far\n")
    with pytest.raises(ValueError, match="relative"):
        stamps(package)

"""The page as a whole: harmless, complete, and with every link leading somewhere."""

import dataclasses
import json
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from tests.report.fabricated import write_chain
from workflow_scripts.core import entry
from workflow_scripts.report import page

# without a slash, since it is the name of a dataset and so of its folder
HOSTILE = '"><script>alert(1)<img src=x onerror=alert(2)>'
FORMULA = '=HYPERLINK("http://evil.example","x")'
STRENGTHS = {"random": 0.5, "moco": 1.0}
VOID = {"meta", "img", "br", "hr", "link", "input"}


class Reader(HTMLParser):
    """Collects tags, attributes, text, and whether tags are closed in order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def write_page(folder, **wishes):
    flags = write_chain(folder, STRENGTHS, **wishes)
    report = folder / "report"
    report.mkdir()
    page.main(**flags, page=report / "index.html", tables=report / "tables")
    return report


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return write_page(
        tmp_path_factory.mktemp("hostile"),
        clinic=HOSTILE,
        finding=f"$\\frac{{{HOSTILE}-->",
        title=HOSTILE,
        reason=FORMULA,
    )


@pytest.fixture(scope="module")
def read(report):
    return Reader((report / "index.html").read_text(encoding="utf-8"))


def test_hostile_text_is_shown_letter_by_letter(read):
    assert "script" not in read.tags
    assert HOSTILE in "".join(read.text)
    assert not [name for name, _ in read.attributes if name.startswith("on")]
    assert read.tags.count("img") == 3  # one sheet of images for each dataset


def test_nothing_is_fetched_from_elsewhere(read):
    for name, value in read.attributes:
        if name in {"src", "href", "xlink:href", "data", "action", "srcset"}:
            assert value.startswith(("#", "tables/", "data:image/png;base64,")), value
    style = "".join(value for name, value in read.attributes if name == "style")
    assert not re.search(r"url\((?!#)", style)
    assert {"script", "iframe", "link", "object", "base"}.isdisjoint(read.tags)


def test_the_page_forbids_all_that_it_does_not_need(read):
    policy = [v for n, v in read.attributes if n == "content" and "default-src" in v]
    assert policy == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]


def test_every_tag_is_closed(read):
    assert read.open == []


def test_every_link_leads_somewhere(report, read):
    ids = [value for name, value in read.attributes if name == "id"]
    links = {v for n, v in read.attributes if n in {"href", "xlink:href"}}
    assert len([link for link in links if link.startswith("tables/")]) == 14
    for link in links:
        if link.startswith("#"):
            assert link[1:] in ids
        else:
            assert (report / link).is_file(), link


def test_formula_cells_are_defused(report):
    ledger = pd.read_csv(report / "tables" / "ledger.csv")
    assert f"'{FORMULA}" in set(ledger["reason"])
    for path in (report / "tables").rglob("*.csv"):
        words = pd.read_csv(path).select_dtypes(["object", "string"])
        for column in words:
            cells = words[column].dropna().astype(str)
            assert not cells.str.match(r"[=+@\t\r-]").any(), path


def test_every_section_is_there(read):
    anchors = (
        "curves shortcuts labels comparisons drift cohort lungs examples encoders "
        "training methods made"
    )
    ids = [value for name, value in read.attributes if name == "id"]
    assert [name for name in ids if name in anchors.split()] == anchors.split()


def test_phantoms_have_a_banner_and_patients_a_privacy_notice(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    everything = ("archive", "clinic", "elsewhere")
    phantom = write_page(tmp_path / "a", phantom=everything) / "index.html"
    patients = write_page(tmp_path / "b") / "index.html"
    assert "Phantoms, not patients: archive, clinic and" in phantom.read_text()
    assert "can be traced to a person" not in phantom.read_text()
    assert "Phantoms, not patients" not in patients.read_text()
    assert "can be traced to a person" in patients.read_text()


def test_a_single_encoder_still_makes_a_page(tmp_path):
    flags = write_chain(tmp_path, {"random": 0.5}, budgets=["20"], draws=1)
    page.main(**flags, page=tmp_path / "index.html", tables=tmp_path / "tables")
    text = (tmp_path / "index.html").read_text()
    assert "no answer yet" in text
    assert "There was one draw of labels" in text


def test_the_same_tables_give_the_same_page(tmp_path):
    (tmp_path / "a").mkdir()
    flags = write_chain(tmp_path / "a", STRENGTHS)
    texts = []
    for name in ("first", "second"):
        page.main(**flags, page=tmp_path / f"{name}.html", tables=tmp_path / name)
        texts.append((tmp_path / f"{name}.html").read_text())
    assert texts[0] == texts[1]


def test_the_step_runs_from_its_command_line(tmp_path):
    flags = write_chain(tmp_path, STRENGTHS)
    packed = {
        "rule": "report_page",
        "wildcards": {},
        "choices": dataclasses.asdict(flags.pop("recipe")),
        "code": [],
        "pins": "",
    }
    words = ["--recipe", json.dumps(packed)]
    for flag, paths in flags.items():
        many = paths if isinstance(paths, list) else [paths]
        words += [f"--{flag}", *map(str, many)]
    out = tmp_path / "results"
    entry.run(
        page.main,
        [*words, "--page", str(out / "index.html"), "--tables", str(out / "tables")],
    )
    assert (out / "index.html").is_file()
    assert (out / "tables" / "chest" / "metrics.csv").is_file()


def test_every_encoder_and_protocol_is_explained(read):
    text = "".join(read.text)
    assert "with random weights, not pretrained" in text
    assert "pretrained without labels by moco on the images of archive" in text
    assert "the encoder stays as it is; only a linear classifier is trained" in text


def test_what_is_missing_from_a_public_set_is_told(read):
    assert "listed images are 4,999 of the 5,000 in the whole set" in " ".join(
        read.text
    )

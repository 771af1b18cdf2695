"""Adapters: every file in the folder keeps the contract."""

import contextlib
import inspect
import pkgutil

import pandas as pd
import pytest

from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest import datasets
from workflow_scripts.ingest.datasets import FACTS, FILES, SAID, Source
from workflow_scripts.ingest.findings import FINDINGS
from workflow_scripts.plan import adapters

NAMES = [module.name for module in pkgutil.iter_modules(datasets.__path__)]


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def source(tables=()):
    files = pd.DataFrame({"file_id": ["a"], "path": ["a.dcm"], "image_id": [None]})
    return Source(
        files=FILES.check(files), tables=list(tables), hashed_uid=lambda uid: uid
    )


def test_every_set_of_the_design_has_an_adapter():
    assert set(NAMES) >= {
        *("brax", "chexpert", "covid_chestxray", "covidx", "folder", "jsrt", "kermany"),
        *("mimic_cxr_dicom", "mimic_cxr_jpg", "montgomery", "nih_cxr14", "openi"),
        *("padchest", "rsna_pneumonia", "shenzhen", "siim_pneumothorax", "vindr_cxr"),
        "vindr_pcxr",
    }


def test_the_plan_reads_the_capitals_as_they_are(name):
    module, told = datasets.load(name), adapters.told(name)
    for capital, empty in adapters.TOLD.items():
        assert told[capital] == getattr(module, capital, empty)


def test_findings_are_of_one_vocabulary(name):
    assert set(datasets.load(name).WORDS.values()) <= set(FINDINGS)


def test_expected_counts_are_of_images_and_patients(name):
    assert set(datasets.load(name).EXPECTED) <= {"images", "patients"}


def test_a_docstring_names_paper_licence_and_faults(name):
    text = inspect.getdoc(datasets.load(name)).lower()
    if name != "folder":
        assert "http" in text
        words = ("licen", "agreement", "cc by", "for research", "rules", "terms")
        assert any(word in text for word in words)


def test_a_file_that_no_table_knows_is_left_out_or_the_tables_are_asked_for(name):
    module = datasets.load(name)
    asks = pytest.raises(InputError) if name != "folder" else contextlib.nullcontext()
    with asks:
        facts, said = module.facts(source()), module.said(source())
        assert set(FACTS.check(facts.frame)["file_id"]) <= {"a"}
        assert facts.patients in {"header", "table", "nobody"}
        assert set(SAID.check(said)["file_id"]) <= {"a"}


def test_a_table_that_is_no_table_is_one_clear_error(name, tmp_path):
    """Whatever lies where a table should: no traceback, and no cell is quoted."""
    module = datasets.load(name)
    tables = []
    for patterns in {**module.TABLES, **getattr(module, "OPTIONAL", {})}.values():
        file = tmp_path / patterns[0].split("/")[-1].replace("*", "")
        file.write_bytes(b"PHICANARY\n\xff\xfe\0PHICANARY,1\n")
        tables.append(file)
    for ask in (module.facts, module.said):
        with (
            pytest.raises(InputError) if name != "folder" else contextlib.nullcontext()
        ):
            try:
                ask(source(tables))
            except InputError as error:
                assert "PHICANARY" not in str(error)  # noqa: PT017
                raise


def test_an_unknown_adapter_is_refused_by_name():
    with pytest.raises(InputError, match="folder"):
        datasets.load("nowhere")

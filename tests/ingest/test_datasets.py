"""Adapters: every file in the folder keeps the contract."""

import pkgutil

import pandas as pd
import pytest

from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest import datasets
from workflow_scripts.ingest.datasets import FACTS, FILES, SAID, Source


@pytest.fixture(
    params=[module.name for module in pkgutil.iter_modules(datasets.__path__)]
)
def describe(request):
    return datasets.load(request.param)


def test_an_archive_without_a_table_is_described(describe):
    files = pd.DataFrame({"file_id": ["a"], "path": ["a.dcm"], "image_id": [None]})
    source = Source(
        files=FILES.check(files), tables=[], labels=None, hashed_uid=lambda uid: uid
    )
    described = describe(source)
    assert set(FACTS.check(described.facts)["file_id"]) <= {"a"}
    assert set(SAID.check(described.said)["file_id"]) <= {"a"}


def test_an_unknown_adapter_is_refused_by_name():
    with pytest.raises(InputError, match="folder"):
        datasets.load("nowhere")

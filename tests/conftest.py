"""How all tests are run: one thread each, the runs of the workflow on one worker."""

import os
from pathlib import Path

import pytest

# two threads, shared with other tests, are slower than one; set before torch is there
os.environ["OMP_NUM_THREADS"] = "1"

WORKFLOW = Path(__file__).with_name("workflow")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Begin with the runs of the whole workflow, which share one finished run."""
    whole = [item for item in items if WORKFLOW in item.path.parents]
    for item in whole:
        item.add_marker(pytest.mark.xdist_group("workflow"))
    items.sort(key=lambda item: item not in whole)

"""How all tests are run: one thread each, the runs of the workflow on one worker."""

import os
from pathlib import Path

import pytest

# two threads, shared with other tests, are slower than one; set before torch is there
os.environ["OMP_NUM_THREADS"] = "1"

WORKFLOW = Path(__file__).with_name("workflow")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Keep together what shares a fixture: a file, and all runs of the workflow."""
    for item in items:
        whole = WORKFLOW in item.path.parents
        item.add_marker(pytest.mark.xdist_group(WORKFLOW if whole else item.path))

"""One thread for every test: two, shared with other tests, are slower than one."""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before anything imports torch

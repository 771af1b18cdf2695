"""Random numbers of every kind that a training draws, kept and taken up again."""

import random
from typing import Any

import numpy as np
import torch


def seed_of(names: list[int]) -> int:
    """Return a seed that follows from all of `names`, and is like no other's."""
    digits = np.random.SeedSequence(names).generate_state(1, np.uint64)
    return int(digits[0] >> np.uint64(1))  # what torch takes as well


def begin(names: list[int]) -> None:
    """Begin every generator that code may draw from without asking."""
    seed = seed_of(names)
    torch.manual_seed(seed)  # of all devices
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 (whatever a library draws)


def state() -> dict[str, Any]:
    """Return where every generator stands, in kinds that load as weights only."""
    known: Any = np.random.get_state()  # noqa: NPY002
    name, keys, *rest = known
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
        "python": random.getstate(),
        "numpy": [name, torch.from_numpy(keys.astype(np.int64)), *rest],
    }


def restore(state: dict[str, Any]) -> None:
    """Let every generator go on from a `state`."""
    torch.set_rng_state(state["torch"])
    if state["cuda"] is not None:
        torch.cuda.set_rng_state(state["cuda"])
    version, internal, following = state["python"]
    random.setstate((version, tuple(internal), following))
    name, keys, *rest = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *rest))  # noqa: NPY002

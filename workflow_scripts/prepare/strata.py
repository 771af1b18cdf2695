"""Divide patients so that each part has its share of every finding.

A keyed hash puts every patient between 0 and 1: the lowest are for testing, the highest
for validation, those between for training. Then, finding by finding and the rarest
first, the two cuts are moved among its patients as little as brings each part near its
share. Patients with a rarer finding stay where that one put them; those without any
finding are the last, and make up the shares of all. At the end a part that still lacks
a finding is given a patient who can be spared. Whoever changes any of this raises
`splits.VERSION`.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

NEAR = 0.02  # of the patients wanted, or one patient: then no cut is moved


def stratified(
    chances: pd.Series,
    present: pd.DataFrame,
    kept: pd.Series,
    shares: Mapping[str, float],
) -> pd.Series:
    """Return the part of each patient.

    Args:
        chances: of each patient, in [0, 1), by patient.
        present: which finding (column) each patient (row) has; rows as in `chances`.
        kept: part of the patients whose part is known already, by patient.
        shares: of the parts to draw, `test` and `validation` or one of them; the rest
            is for training.

    Returns:
        test, validation or train for each patient, in the order of `chances`.
    """
    part = kept.reindex(chances.index).to_numpy(dtype=object, na_value="")
    value = chances.to_numpy()
    movable = part == ""
    rarest = sorted(present.columns, key=lambda name: (present[name].sum(), name))
    has = np.ones((len(value), len(rarest) + 1), dtype=bool)  # the last: everyone
    has[:, :-1] = present[rarest].to_numpy()
    for members in has.T:
        placed = part[members & (part != "")]
        names, counts = np.unique(placed, return_counts=True)
        settled = dict(zip(names, counts, strict=True))
        free = np.flatnonzero(members & (part == ""))
        free = free[np.argsort(value[free], kind="stable")]
        part[free] = _cut(value[free], settled, shares)
    parts = (*shares, "train")
    _fill(part, has[:, has.sum(axis=0) >= len(parts)], movable, parts)
    return pd.Series(part, index=chances.index, dtype="string")


def _cut(
    values: NDArray[np.float64], settled: Mapping[str, int], shares: Mapping[str, float]
) -> NDArray[np.object_]:
    """Return the parts of patients in the order of their `values`.

    Args:
        values: of the patients of one stratum who have no part yet, ascending.
        settled: how many patients of the stratum have a part already.
        shares: of the parts to draw.
    """
    n = len(values) + sum(settled.values())
    drawn = {"test": 0, "validation": 0}
    for name, share in shares.items():
        hashed = (values < share) if name == "test" else (values >= 1 - share)
        near = max(1.0, NEAR * share * n)
        low = max(math.ceil(share * n - near), int(n > len(shares)))
        high = math.floor(share * n + near)
        room = len(values) - sum(drawn.values())
        low, high = (bound - settled.get(name, 0) for bound in (low, high))
        drawn[name] = max(0, min(max(int(hashed.sum()), low), high, room))
    parts = np.full(len(values), "train", dtype=object)
    parts[: drawn["test"]] = "test"
    parts[len(values) - drawn["validation"] :] = "validation"
    return parts


def _fill(
    part: NDArray[np.object_],
    has: NDArray[np.bool_],
    movable: NDArray[np.bool_],
    parts: Sequence[str],
) -> None:
    """Give each part a patient with each finding, where one can be spared.

    Args:
        part: of each patient; changed in place.
        has: shape (patients, findings): who has what.
        movable: who has no part from before.
        parts: all of them.
    """
    for members in has.T:
        for name in parts:
            if (part[members] == name).any():
                continue
            able = np.flatnonzero(members & movable)
            for row in able[np.argsort(has[able].sum(axis=1), kind="stable")]:
                left = has[part == part[row]][:, has[row]].sum(axis=0) - 1
                if left.all():
                    part[row] = name
                    break

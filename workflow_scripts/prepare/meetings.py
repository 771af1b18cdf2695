"""Say who and what on one side of a wall is met on the other.

A person is met by the same `patient_id`, a picture by a pair in the NEAR table, an
image by itself. All of it is found by joins, never by comparing all with all.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workflow_scripts.core.tables.ingest import IMAGES
from workflow_scripts.core.tables.prepare import SPLITS
from workflow_scripts.prepare.twins import IMAGE, OTHER

THOSE = dict(zip([*IMAGE, "split"], [*OTHER, "other_split"], strict=True))
COLUMNS = ["kind", *THOSE, *THOSE.values()]

Places = NDArray[np.int64]


def known(
    names: Sequence[str], images: Sequence[Path], splits: Sequence[Path]
) -> pd.DataFrame:
    """Return all images of the datasets `names`: who, and in which part.

    Returns:
        dataset, image_id, patient_id (missing where nobody tells, which ingestion
        writes as an id of the image's own), split.
    """
    columns = ["dataset", "image_id", "patient_id", "split"]
    parts = [pd.DataFrame(columns=columns, dtype="string")]  # there may be no dataset
    for name, image, split in zip(names, images, splits, strict=True):
        table = IMAGES.read(image)[["image_id", "patient_id"]]
        table = table.merge(SPLITS.read(split), on="image_id", validate="one_to_one")
        nobody = table["patient_id"] == table["image_id"]
        table["patient_id"] = table["patient_id"].mask(nobody)
        parts.append(table.assign(dataset=name)[columns])
    return pd.concat(parts, ignore_index=True)


def meetings(
    these: pd.DataFrame, those: pd.DataFrame, twins: pd.DataFrame
) -> pd.DataFrame:
    """Return the pairs of one of `these` and one of `those` that must not meet.

    An image that is on both sides meets itself, and nobody else. Of a person with n
    images here and m there come max(n, m) pairs, in which each image is named; of
    pictures, all pairs. A pair that shares both is told as the same patient.

    Args:
        these: as `known` returns them.
        those: the same.
        twins: pairs of images that show the same picture, both ways.

    Returns:
        `COLUMNS`: kind, then dataset, image_id and split of one of `these`, and with
        `other_` before the name of one of `those`.
    """
    others = those[list(THOSE)].rename(columns=THOSE)
    itself = these.merge(others, left_on=IMAGE, right_on=OTHER)
    here = pd.MultiIndex.from_frame(these[IMAGE])
    these = these[~here.isin(pd.MultiIndex.from_frame(those[IMAGE]))]
    one, other = _matched(these["patient_id"], those["patient_id"])
    left = these.iloc[one].reset_index(drop=True)
    people = left.join(others.iloc[other].reset_index(drop=True))
    pictures = these.merge(twins, on=IMAGE).merge(others, on=OTHER)
    found = [itself.assign(kind="pixels"), people.assign(kind="patient"), pictures]
    joined = pd.concat([part[COLUMNS] for part in found], ignore_index=True)
    return joined.drop_duplicates([*IMAGE, *OTHER], ignore_index=True)


def _matched(these: "pd.Series[str]", those: "pd.Series[str]") -> tuple[Places, Places]:
    """Pair equal values so that each that has an equal is in a pair.

    Returns:
        Places in `these` and in `those`: max(n, m) pairs of a value that is there n
        and m times, since n times m would be millions for one person.
    """
    codes, values = pd.factorize(pd.concat([these, those], ignore_index=True))
    sides = codes[: len(these)], codes[len(these) :]
    n, m = (np.bincount(s[s >= 0], minlength=len(values)) for s in sides)
    pairs = np.where((n > 0) & (m > 0), np.maximum(n, m), 0)
    value = np.repeat(np.arange(len(values)), pairs)
    number = np.arange(len(value)) - np.repeat(np.cumsum(pairs) - pairs, pairs)
    return _members(sides[0], n, value, number), _members(sides[1], m, value, number)


def _members(codes: Places, counts: Places, value: Places, number: Places) -> Places:
    """Return where the `number`-th repeat of `value` is in `codes`, round and round."""
    order = np.argsort(codes, kind="stable")[np.count_nonzero(codes < 0) :]
    begin = np.cumsum(counts) - counts
    return order[begin[value] + number % counts[value]]

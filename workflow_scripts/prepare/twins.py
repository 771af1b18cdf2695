"""Tell which images of several datasets show the same picture."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workflow_scripts.core import near
from workflow_scripts.core.tables.ingest import FINGERPRINTS

IMAGE = ["dataset", "image_id"]
OTHER = ["other_dataset", "other_image_id"]
TURNED = dict(zip([*IMAGE, *OTHER], [*OTHER, *IMAGE], strict=True))
PAIR = ["first", "second"]


def read_fingerprints(names: Sequence[str], paths: Sequence[Path]) -> pd.DataFrame:
    """Return the fingerprints of all datasets `names`, with a column dataset."""
    tables = zip(names, paths, strict=True)
    parts = [FINGERPRINTS.read(path).assign(dataset=name) for name, path in tables]
    return pd.concat(parts, ignore_index=True)


def same_pictures(images: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of `images` that show the same picture, each once.

    Ingestion leaves one image of each picture in a dataset. So there are no more of it
    than datasets, and all pairs of them are told.

    Args:
        images: dataset, image_id, pixels_sha256 and fingerprint; of the last two,
            either is missing where it is not known.

    Returns:
        The NEAR table; of a pair, the earlier row of `images` comes first.
    """
    codes, distinct = pd.factorize(images["fingerprint"])
    found = [
        _equal(images["pixels_sha256"]).assign(kind="pixels", correlation=1.0),
        _equal(images["fingerprint"]).assign(kind="near", correlation=1.0),
        _between(codes, near.pairs(list(distinct))).assign(kind="near"),
    ]
    pairs = pd.concat(found).drop_duplicates(PAIR).sort_values(PAIR, ignore_index=True)
    first, second = (
        images[IMAGE].iloc[pairs[end]].reset_index(drop=True) for end in PAIR
    )
    return first.join(second.add_prefix("other_")).join(pairs[["kind", "correlation"]])


def both_ways(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return each pair of the NEAR table twice, so that either image comes first."""
    return pd.concat([pairs, pairs.rename(columns=TURNED)], ignore_index=True)


def _equal(marks: "pd.Series[str]") -> pd.DataFrame:
    """Return all pairs of places with the same mark."""
    marks = marks.reset_index(drop=True)
    shared = marks[marks.notna() & marks.duplicated(keep=False)]
    first = pd.DataFrame({"mark": shared, "first": shared.index})
    pairs = first.merge(first.rename(columns={"first": "second"}), on="mark")
    return pairs[pairs["first"] < pairs["second"]][PAIR]


def _between(codes: NDArray[np.int64], alike: pd.DataFrame) -> pd.DataFrame:
    """Return all pairs of places whose codes are a pair in `alike`."""
    ends = alike.rename(columns={"first": "one", "second": "other"})
    places = np.arange(len(codes))
    pairs = ends.merge(pd.DataFrame({"one": codes, "first": places}), on="one")
    pairs = pairs.merge(pd.DataFrame({"other": codes, "second": places}), on="other")
    ordered = np.sort(pairs[PAIR].to_numpy(), axis=1)
    return pairs.assign(first=ordered[:, 0], second=ordered[:, 1])[
        [*PAIR, "correlation"]
    ]

"""What the file says of itself and of the patient, and how it was cropped; no pixel.

How an image was cropped is told by our own pipeline: whether to the lungs, and if not
why not, and how large the box is: a network can see that too. How sure the lung mask
was is left out, for no network is told. A picture is its file, reduced to at most one
long side. So the box is told in the picture's pixels, which are alike for all large
files, and as a share of the file, which is right for small ones.

Every column becomes a set of classes, one of them for a missing value: words as they
are, numbers as tenths of the taught images. So a site's image size tells as much as a
word, and no odd value outweighs the others.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workflow_scripts.evaluate.shortcuts import Features, Shown

WORDS = ("view_position", "sex", "photometric", "transfer_syntax", "crop")
NUMBERS = (
    *("age_years", "rows", "columns", "aspect", "bits_stored", "pixel_spacing_mm"),
    *("box_rows", "box_columns", "box_height", "box_width"),
)
PARTS = 10


def metadata(shown: Shown, taught: NDArray[np.bool_]) -> Features:
    """Return 1 for each class that an image is in and 0 else, shape (n, classes)."""
    said = shown.headers
    headers = said.assign(
        aspect=said["rows"] / said["columns"],
        box_height=said["box_rows"] / said["rows"],
        box_width=said["box_columns"] / said["columns"],
    )
    columns = [_of_words(headers[name].astype(object), taught) for name in WORDS]
    columns += [_of_numbers(headers[name], taught) for name in NUMBERS]
    return np.concatenate(columns, axis=1)


def _of_words(column: "pd.Series[Any]", taught: NDArray[np.bool_]) -> Features:
    """Return classes of words; one that no taught image has is in no class."""
    words = column.where(column.notna(), "").astype(str).to_numpy(object)
    classes = np.unique(words[taught])
    return np.asarray(words[:, None] == classes, np.float32)


def _of_numbers(column: "pd.Series[Any]", taught: NDArray[np.bool_]) -> Features:
    """Return classes of numbers; one outside what is taught is in the class beside."""
    numbers = column.astype(float).to_numpy(np.float64, na_value=np.nan)
    known = numbers[taught & ~np.isnan(numbers)]
    inner = np.arange(1, PARTS) / PARTS
    edges = np.unique(
        np.quantile(known, inner, method="lower") if len(known) else known
    )
    place = np.searchsorted(edges, numbers, side="right")
    place[np.isnan(numbers)] = len(edges) + 1
    return np.asarray(place[:, None] == np.arange(len(edges) + 2), np.float32)

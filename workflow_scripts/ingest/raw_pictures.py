"""Read headerless files of one known format, such as the `.IMG` files of JSRT."""

from typing import Any
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.ingest.raster import Raster
from workflow_scripts.ingest.reasons import Refused


def is_raw(path: str, raw: dict[str, Any] | None) -> bool:
    """Tell whether the name of a file says that it has the format `raw`.

    Args:
        path: percent-encoded.
        raw: with `suffix`, `rows`, `columns`, `dtype` (u1, <u2 or >u2), `bits` and
            `inverted` (whether large values are dark); None if there is no such format.
    """
    suffix = str(raw["suffix"]).lower() if raw else ""
    return bool(suffix) and unquote(path).lower().endswith(suffix)


def read(data: bytes, raw: dict[str, Any]) -> Raster:
    """Return the picture of a file that is nothing but its pixels.

    Raises:
        Refused: if it has another size, or values beyond its bits.
    """
    shape = (int(raw["rows"]), int(raw["columns"]))
    kind = np.dtype(raw["dtype"])
    if len(data) != shape[0] * shape[1] * kind.itemsize:
        raise Refused("truncated", "another size than rows times columns")
    values: NDArray[Any] = np.frombuffer(data, kind).reshape(shape)
    values = values.astype(kind.newbyteorder("="), copy=False)
    if int(values.max()) >= 2 ** int(raw["bits"]):
        raise Refused("tags_contradict", "values beyond the bits stored")
    return Raster(
        values=values,
        bits=int(raw["bits"]),
        suffix="raw",
        inverted=bool(raw["inverted"]),
    )

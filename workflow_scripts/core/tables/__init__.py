"""The tables that pass between stages: their columns, keys, and meaning.

One file for each stage that writes tables, so that a new column re-runs only those
who read it. A `Table` is checked when it is written and again when it is read.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from workflow_scripts.core.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: its pandas dtype and what it means."""

    dtype: str  # string, float64, Int64 (NaN allowed), int64 or bool
    meaning: str
    allowed: tuple[object, ...] = ()  # the only values, where they are few
    required: bool = False  # a missing value is an error


@dataclass(frozen=True, kw_only=True)
class Table:
    """A parquet file whose columns are known before it is opened."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: dict[str, Column]

    def check(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return `frame` with exactly our columns, typed and in our order.

        Raises:
            InputError: if a column is missing or unknown, a value is not allowed or
                missing where it must stand, or the key repeats; no cell is quoted.
        """
        if missing := self.columns.keys() - set(frame.columns):
            raise InputError(f"{self.name}: missing columns {sorted(missing)}")
        if unknown := set(frame.columns) - self.columns.keys():
            raise InputError(f"{self.name}: unknown columns {sorted(unknown)}")
        frame = self._typed(frame[list(self.columns)].reset_index(drop=True))
        for name, column in self.columns.items():
            present = frame[name].dropna()
            if column.required and len(present) < len(frame):
                absent = len(frame) - len(present)
                raise InputError(f"{self.name}: {name} is missing in {absent} rows")
            if column.allowed and not present.isin(column.allowed).all():
                odd = int((~present.isin(column.allowed)).sum())
                allowed = ", ".join(map(str, column.allowed))
                raise InputError(f"{self.name}: {odd} of {name} are not of {allowed}")
        if self.key and (repeats := frame.duplicated(list(self.key)).sum()):
            raise InputError(f"{self.name}: {repeats} repeats of {self.key}")
        return frame

    def _typed(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return `frame` with our types.

        Raises:
            InputError: naming the column; pandas' own message would quote a cell.
        """
        wrong = (TypeError, ValueError, OverflowError)
        dtypes = {name: column.dtype for name, column in self.columns.items()}
        try:
            return frame.astype(dtypes)
        except wrong:
            for name, dtype in dtypes.items():
                try:
                    frame.astype({name: dtype})
                except wrong:
                    told = f"{self.name}: {name} is not of type {dtype}"
                    raise InputError(told) from None
            raise InputError(f"{self.name}: columns of other types") from None

    def empty(self) -> pd.DataFrame:
        """Return the table without rows."""
        return pd.DataFrame(
            {name: pd.Series(dtype=c.dtype) for name, c in self.columns.items()}
        )

    def read(self, path: Path) -> pd.DataFrame:
        """Read and check the table at `path`.

        Raises:
            InputError: if the file is not this table.
        """
        try:
            frame = pd.read_parquet(path)
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: not a readable {self.name} table") from error
        return self.check(frame)

    def write(self, frame: pd.DataFrame, path: Path) -> None:
        """Check `frame` and write it to `path`."""
        self.check(frame).to_parquet(path, index=False)


def text(meaning: str, *allowed: str, required: bool = True) -> Column:
    """Return a column of strings."""
    return Column(dtype="string", meaning=meaning, allowed=allowed, required=required)


def whole(meaning: str, *, required: bool = True) -> Column:
    """Return a column of whole numbers."""
    dtype = "int64" if required else "Int64"
    return Column(dtype=dtype, meaning=meaning, required=required)


def number(meaning: str, *allowed: float, required: bool = False) -> Column:
    """Return a column of floating-point numbers; NaN where unknown."""
    return Column(dtype="float64", meaning=meaning, allowed=allowed, required=required)

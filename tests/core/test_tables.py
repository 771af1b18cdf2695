"""A table is checked on both ends of every arrow."""

import importlib
import pkgutil

import pandas as pd
import pytest

from workflow_scripts.core import tables
from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables import Table, number, text, whole

TOY = Table(
    name="toy",
    meaning="a table for tests",
    key=("image_id",),
    columns={
        "image_id": text("id"),
        "split": text("part", "train", "test", required=False),
        "row": whole("row"),
        "age": number("years"),
    },
)
GOOD = pd.DataFrame(
    {
        "image_id": ["a", "b"],
        "split": ["train", None],
        "row": [0, 1],
        "age": [1.5, None],
    }
)
ALL = {
    f"{module.name}.{name}": value
    for module in pkgutil.iter_modules(tables.__path__)
    for name, value in vars(
        importlib.import_module(f"{tables.__name__}.{module.name}")
    ).items()
    if isinstance(value, Table)
}


def test_what_is_written_is_read_again(tmp_path):
    TOY.write(GOOD[["row", "age", "split", "image_id"]], tmp_path / "toy.parquet")
    again = TOY.read(tmp_path / "toy.parquet")
    assert list(again.columns) == list(TOY.columns)
    assert again["image_id"].tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.drop(columns="row"), r"missing columns \['row'\]"),
        (lambda t: t.assign(more=1), r"unknown columns \['more'\]"),
        (lambda t: t.assign(image_id="a"), r"1 repeats of \('image_id',\)"),
        (lambda t: t.assign(image_id=["a", None]), "image_id is missing in 1 rows"),
        (lambda t: t.assign(split="dev"), "2 of split are not of train, test"),
        (lambda t: t.assign(age="old"), "age is not of type float64"),
    ],
)
def test_a_table_that_is_not_what_it_says_is_refused(change, said):
    with pytest.raises(InputError, match=said):
        TOY.check(change(GOOD))


def test_a_file_that_is_no_table_is_refused_by_its_path(tmp_path):
    (tmp_path / "toy.parquet").write_text("not parquet")
    with pytest.raises(InputError, match=r"toy\.parquet: not a readable toy table"):
        TOY.read(tmp_path / "toy.parquet")


@pytest.mark.parametrize("table", ALL.values(), ids=ALL)
def test_every_contract_holds_for_a_table_without_rows(table, tmp_path):
    table.write(table.empty(), tmp_path / "empty.parquet")
    assert table.read(tmp_path / "empty.parquet").empty
    assert table.meaning
    assert set(table.key) <= table.columns.keys()
    assert all(column.meaning for column in table.columns.values())

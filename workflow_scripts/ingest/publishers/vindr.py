"""What VinDr-CXR and VinDr-PCXR have in common: tables of readers, and no patients."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from workflow_scripts.ingest.datasets import SAID, Facts, Source
from workflow_scripts.ingest.publishers import answers, votes
from workflow_scripts.ingest.publishers.label_table import column, read_table

IDS = ("image_id", "rad_id", "rad_ID")


def facts(source: Source, splits: Mapping[str, str | None]) -> Facts:
    """Return the name, the view and the official split of each picture.

    Args:
        source: of the files.
        splits: the tables, and the publisher's part that each is about, None if it
            only lists pictures.

    Raises:
        InputError: if a table is damaged, or none lists any of the files.
    """
    names = [
        pd.DataFrame({"picture": column(table, IDS[0], path)}).assign(
            part=splits[path.name]
        )
        for path, table in _tables(source, splits)
    ]
    known = pd.concat(names, ignore_index=True).drop_duplicates("picture")
    known = answers.of_pictures(known, source)
    frame = answers.facts(
        known["file_id"],
        "tables",
        image_name=known["picture"],
        view_position="PA",
        official_split=known["part"],
    )
    return Facts(frame=frame, patients="nobody")


def said(
    source: Source,
    splits: Mapping[str, str | None],
    words: dict[str, str],
    readers: str,
) -> pd.DataFrame:
    """Return what the readers see, if as many do as are asked for.

    Args:
        source: of the files.
        splits: as for `facts`.
        words: the publisher's -> ours.
        readers: majority, any or all, see `votes`.

    Raises:
        InputError: as `facts` does, and if a cell or `readers` is odd.
    """
    found = [
        votes.polled(_marked(table, words, path), readers, path.name)
        for path, table in _tables(source, splits)
        if splits[path.name]
    ]
    whole = answers.of_pictures(pd.concat(found, ignore_index=True), source)
    return whole[list(SAID.columns)]


def _tables(
    source: Source, splits: Mapping[str, str | None]
) -> Iterator[tuple[Path, pd.DataFrame]]:
    answers.needed(source, tuple(name for name, split in splits.items() if split))
    for name in splits:
        if path := source.table((name,)):
            yield path, read_table(path)


def _marked(table: pd.DataFrame, words: dict[str, str], path: Path) -> pd.DataFrame:
    """Return what each reader marked on each picture."""
    if "class_name" in table.columns:
        pair = [column(table, name, path) for name in IDS[:2]]
        return votes.boxes(table["class_name"], pair, words, path)
    return votes.marks(table, words, IDS, path)

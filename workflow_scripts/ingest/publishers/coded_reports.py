"""Read Open-i's coded reports: its XML files, or Kaggle's two tables.

Each reader gives two tables: uid and heading, with several rows for each report or
none, and uid, picture (by our name, see `our_name`, once) and view_position.
"""

import re
import xml.etree.ElementTree as ET
from pathlib import Path, PurePosixPath

import pandas as pd

from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest.publishers.label_table import column, read_table

REPORT_BYTES = 1_000_000  # real ones have a few thousand
VIEWS = {"Frontal": "FRONTAL", "Lateral": "LATERAL"}
# number of the report, perhaps of the study, and of the file
NAME = re.compile(r"(?:CXR)?(\d+)_(?:\d+_)?(IM-[\d-]+)(?:\.(?:dcm|png|jpe?g))*")


def our_name(path: str) -> str:
    """Return one name of a picture for all releases, "" if it is none of Open-i's."""
    found = NAME.fullmatch(PurePosixPath(path).name)
    return f"CXR{found[1]}_{found[2]}" if found else ""


def read_xml(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what Open-i's reports are coded with, and what pictures they have.

    Raises:
        InputError: if there is no report, or one is not plain XML with a uId.
    """
    headings, pictures, odd = [], [], 0
    files = sorted(folder.glob("*.xml"))
    for path in files:
        report = _parsed(path)
        uid = None if report is None else report.find(".//uId")
        if report is None or uid is None or not uid.get("id"):
            odd += 1
            continue
        name = str(uid.get("id")).strip()
        headings += [(name, one.text or "") for one in report.iter("major")]
        pictures += [(name, one.get("id", "")) for one in report.iter("parentImage")]
    if odd or not files:
        raise InputError(
            f"{folder.name}: {odd} of {len(files)} reports are not plain XML with a uId"
        )
    coded = pd.DataFrame(headings, columns=["uid", "heading"], dtype=object)
    shown = pd.DataFrame(pictures, columns=["uid", "picture"], dtype=object)
    return _heads(coded), _named(shown.assign(view_position=None))


def read_kaggle(path: Path) -> pd.DataFrame:
    """Return what Kaggle's `indiana_reports.csv` says the reports are coded with.

    Raises:
        InputError: if it is not that table.
    """
    table = read_table(path)
    headings = column(table, "MeSH", path).str.split(";")
    coded = pd.DataFrame(
        {"uid": "CXR" + column(table, "uid", path), "heading": headings}
    )
    return _heads(coded.explode("heading"))


def read_projections(path: Path) -> pd.DataFrame:
    """Return the pictures of Kaggle's `indiana_projections.csv`.

    Raises:
        InputError: if it is not that table.
    """
    table = read_table(path)
    shown = pd.DataFrame(
        {
            "uid": "CXR" + column(table, "uid", path),
            "picture": column(table, "filename", path),
            "view_position": column(table, "projection", path).map(VIEWS),
        }
    )
    return _named(shown)


def _heads(coded: pd.DataFrame) -> pd.DataFrame:
    heading = coded["heading"].str.split("/").str[0].str.strip()
    return coded.assign(heading=heading)[heading != ""]


def _named(shown: pd.DataFrame) -> pd.DataFrame:
    names = shown["picture"].map(our_name)
    return shown.assign(picture=names)[names != ""].drop_duplicates("picture")


def _parsed(path: Path) -> ET.Element | None:
    """Return a report, None if it is damaged, huge, or declares types or entities."""
    try:
        if path.stat().st_size > REPORT_BYTES:
            return None
        text = path.read_text(encoding="utf-8-sig")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            return None
        return ET.fromstring(text)  # noqa: S314 (it declares no type and no entity)
    except (OSError, ValueError, ET.ParseError):
        return None

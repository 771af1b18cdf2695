"""What the page is built from: sections of text, tables, charts and folds.

All strings are plain text, which the template escapes. Only a `Markup` is taken as it
is, and only `drawing.svg` makes one.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from markupsafe import Markup


@dataclass(frozen=True, kw_only=True)
class Text:
    """One paragraph."""

    kind: ClassVar[str] = "text"
    text: str
    strong: bool = False


@dataclass(frozen=True, kw_only=True)
class Grid:
    """One table; the first `n_text` columns hold words, the others numbers."""

    kind: ClassVar[str] = "grid"
    caption: str
    head: list[str]
    rows: list[list[str]]
    n_text: int = 1
    link: str = ""  # the CSV file behind it, relative to the page


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One chart with its heading."""

    heading: str
    svg: Markup
    note: str = ""  # below it


@dataclass(frozen=True, kw_only=True)
class Panels:
    """Charts side by side, as many as fit."""

    kind: ClassVar[str] = "panels"
    caption: str
    panels: list[Panel]
    small: bool = False
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One bitmap."""

    kind: ClassVar[str] = "picture"
    caption: str
    png: str  # base64


@dataclass(frozen=True, kw_only=True)
class Code:
    """Text to be shown letter by letter."""

    kind: ClassVar[str] = "code"
    text: str


@dataclass(frozen=True, kw_only=True)
class Fold:
    """Blocks behind a summary; open in print."""

    kind: ClassVar[str] = "fold"
    summary: str
    blocks: list["Block"]


Block = Text | Grid | Panels | Picture | Code | Fold


@dataclass(frozen=True, kw_only=True)
class Section:
    """One part of the page, with a heading."""

    anchor: str
    heading: str
    blocks: list[Block] = field(default_factory=list)

"""What a picture is called besides its suffix."""

from pathlib import PurePath
from typing import TypeVar

SUFFIXES = {".dcm", ".dicom", ".png", ".jpg", ".jpeg"}

Place = TypeVar("Place", bound=PurePath)


def bare(path: Place) -> Place:
    """Take off a suffix that we know; a UID's last number is none."""
    return path.with_suffix("") if path.suffix.lower() in SUFFIXES else path

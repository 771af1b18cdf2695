"""Decide from the header alone whether a file is wanted, before it is decoded."""

import re
from collections.abc import Container

from workflow_scripts.ingest import person
from workflow_scripts.ingest.header import Header
from workflow_scripts.ingest.reasons import Refused

MODALITIES = frozenset({"CR", "DX", "DR", "RG"})
CHEST_CLASSES = frozenset({"1.2.840.10008.5.1.4.1.1.1", "1.2.840.10008.5.1.4.1.1.1.1"})
RAW_CLASS = "1.2.840.10008.5.1.4.1.1.1.1.1"
GREY = frozenset({"MONOCHROME1", "MONOCHROME2"})
# Archives write BodyPartExamined as they like: unknown words are let through.
OTHER_PARTS = {
    *("ABDOMEN", "ANKLE", "ARM", "BREAST", "CALCANEUS", "CSPINE", "ELBOW", "EXTREMITY"),
    *(
        "FEMUR",
        "FINGER",
        "FOOT",
        "HAND",
        "HEAD",
        "HIP",
        "HUMERUS",
        "JAW",
        "KNEE",
        "LEG",
    ),
    *("LSPINE", "MAXILLA", "NECK", "PELVIS", "SKULL", "SSPINE", "TEETH", "TEMPORAL"),
    *("THUMB", "TOE", "TOOTH", "WRIST"),
}
DIRECTIONS = re.compile(r"[LRAPHF]{1,3}\\[LRAPHF]{1,3}")
ADULT = 18  # years
UID = re.compile(r"[0-9]+(\.[0-9]+)+")


def check_object(header: Header, *, pixels: str, exclude: Container[str]) -> None:
    """Refuse what is no grey, single-frame chest radiograph for presentation.

    Args:
        header: of the file.
        pixels: keyword of the pixels' tag, or "" if there are none.
        exclude: codes of the rules that are switched on.

    Raises:
        Refused: with the first reason that fits.
    """
    image = header.sop_class in CHEST_CLASSES or header.rows is not None
    if not pixels and not image:
        raise Refused("not_an_image" if header.sop_class else "unreadable")
    if "other_modality" in exclude and _other_modality(header):
        raise Refused("other_modality")
    if not pixels:
        raise Refused("no_pixels")
    if pixels != "PixelData":
        raise Refused("float_pixels")
    if header.frames > 1:
        raise Refused("multi_frame")
    raw = header.intent == "FOR PROCESSING" or header.sop_class == RAW_CLASS
    if "for_processing" in exclude and raw:
        raise Refused("for_processing")
    if "other_body_part" in exclude and header.body_part in OTHER_PARTS:
        raise Refused("other_body_part")
    if header.photometric and header.photometric not in GREY:
        raise Refused("colour")


def _other_modality(header: Header) -> bool:
    if header.modality:
        return header.modality not in MODALITIES
    return header.sop_class not in CHEST_CLASSES


def check_trust(header: Header) -> None:
    """Refuse what may not be shared, or cannot be named.

    Raises:
        Refused: with the first reason that fits.
    """
    if header.burned_in == "YES":
        raise Refused("burned_in")
    if len(header.sop_uid) > 64 or not UID.fullmatch(header.sop_uid):
        raise Refused("uid_invalid")


def directions(orientation: tuple[str, ...]) -> str | None:
    """Return Patient Orientation as DICOM writes it, None unless it is just that."""
    joined = "\\".join(orientation)
    return joined if DIRECTIONS.fullmatch(joined) else None


def word(text: str, allowed: Container[str]) -> str | None:
    """Return a tag's text only if it is one of the words `allowed`: tags hold names."""
    return text if text in allowed else None


def view(header: Header) -> str | None:
    """Return the view position, from its tag or else the series' description.

    Raises:
        Refused: if the two disagree.
    """
    known = person.view_position(header.view)
    described = person.described_view(header.description)
    if known is None:
        return "LATERAL" if described == "lateral" else None
    if described and (described == "frontal") != (known in person.FRONTAL):
        raise Refused("tags_contradict", "view position and series description")
    return known


def check_person(
    position: str | None, age_years: float, exclude: Container[str]
) -> None:
    """Refuse views and ages that are not wanted; unknown ones are left to the table.

    Raises:
        Refused: with the first of the rules in `exclude` that fits.
    """
    if "lateral" in exclude and position in person.NOT_FRONTAL:
        raise Refused("lateral")
    if "paediatric" in exclude and age_years < ADULT:
        raise Refused("paediatric")

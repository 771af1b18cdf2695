"""Read what a compressed picture says of itself, to hold it against the tags."""

import struct
from dataclasses import dataclass

from workflow_scripts.ingest.reasons import Refused

LOSSY = {0xC0: "jpeg", 0xC1: "jpeg", 0xC2: "jpeg"}
FRAMES = {**LOSSY, 0xC3: "jpeg_lossless", 0xF7: "jpeg_ls"}
ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
END = b"\xff\xd9"


@dataclass(frozen=True, kw_only=True)
class Codestream:
    """The head of a compressed picture."""

    kind: str  # jpeg, jpeg_lossless, jpeg_ls, jpeg_2000 or htj2k
    rows: int
    columns: int
    samples: int
    bits: int
    signed: bool


def describe(stream: bytes) -> Codestream:
    """Return the head of `stream`.

    Raises:
        Refused: if it is of no known kind, or its end is missing.
    """
    if stream.startswith(b"\xff\x4f\xff\x51"):
        head = _jpeg_2000(stream)
    elif stream.startswith(b"\xff\xd8"):
        head = _jpeg(stream)
    else:
        raise Refused("tags_contradict", "the stream is of another kind")
    if END not in stream[-64:]:
        raise Refused("truncated", "the stream has no end marker")
    return head


def _jpeg(stream: bytes) -> Codestream:
    place = 2
    while place + 10 <= len(stream):
        if stream[place] != 0xFF:
            raise Refused("unreadable", "no marker where one must stand")
        marker = stream[place + 1]
        if marker in FRAMES:
            bits, rows, columns, samples = struct.unpack_from(
                ">BHHB", stream, place + 4
            )
            return Codestream(
                kind=FRAMES[marker],
                rows=rows,
                columns=columns,
                samples=samples,
                bits=bits,
                signed=False,
            )
        if marker == 0xFF:  # fill
            place += 1
        elif marker in ALONE:
            place += 2
        else:
            place += 2 + struct.unpack_from(">H", stream, place + 2)[0]
    raise Refused("truncated", "the stream ends in its head")


def _jpeg_2000(stream: bytes) -> Codestream:
    if len(stream) < 48:
        raise Refused("truncated", "the stream ends in its head")
    capable, right, bottom, left, top = struct.unpack_from(">HIIII", stream, 6)
    samples, precision = struct.unpack_from(">HB", stream, 40)
    return Codestream(
        kind="htj2k" if capable & 0x4000 else "jpeg_2000",
        rows=bottom - top,
        columns=right - left,
        samples=samples,
        bits=(precision & 0x7F) + 1,
        signed=bool(precision & 0x80),
    )

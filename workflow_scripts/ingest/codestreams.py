"""Read what a compressed picture says of itself, to hold it against the tags."""

import struct
from dataclasses import dataclass

from workflow_scripts.ingest.reasons import Refused

LOSSY = {0xC0: "jpeg", 0xC1: "jpeg", 0xC2: "jpeg"}
FRAMES = {**LOSSY, 0xC3: "jpeg_lossless", 0xF7: "jpeg_ls"}
ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
END = b"\xff\xd9"
ITEM = b"\xfe\xff\x00\xe0"
STREAMS = (b"\xff\x4f\xff\x51", b"\xff\xd8\xff")


@dataclass(frozen=True, kw_only=True)
class Codestream:
    """The head of a compressed picture."""

    kind: str  # jpeg, jpeg_lossless, jpeg_ls, jpeg_2000 or htj2k
    rows: int
    columns: int
    samples: int
    bits: int
    signed: bool


def frame(pixels: memoryview) -> memoryview:
    """Return the one frame of encapsulated pixels (PS3.5 A.4), its fragments joined.

    The last delimiter may be missing.

    Raises:
        Refused: if a fragment is cut, there is none, or there are two pictures.
    """
    parts: list[memoryview] = []
    place = 0
    while pixels[place : place + 4] == ITEM and place + 8 <= len(pixels):
        length = int.from_bytes(pixels[place + 4 : place + 8], "little")
        place += 8 + length
        if place > len(pixels):
            raise Refused("truncated", "a fragment ends too early")
        parts.append(pixels[place - length : place])
    if not parts:
        raise Refused("tags_contradict", "compressed, but without fragments")
    kept = [part for part in parts[1:] if len(part)]  # the first is a table of offsets
    if not kept:
        raise Refused("no_pixels")
    starts = sum(bytes(part[:4]).startswith(STREAMS) for part in kept)
    if starts > 1:
        raise Refused("tags_contradict", "one frame, but several streams")
    return kept[0] if len(kept) == 1 else memoryview(b"".join(kept))


def expands_to(stream: memoryview, pixels: int, *, planes: int) -> bool:
    """Tell whether a run-length stream (PS3.5 G) can be a picture of `pixels` pixels.

    A byte of it makes at most 64; more are not asked for.
    """
    if len(stream) < 64:
        return False
    (count,) = struct.unpack_from("<I", stream)
    return count == planes and pixels * planes <= 64 * len(stream)


def describe(stream: memoryview) -> Codestream:
    """Return the head of `stream`.

    Raises:
        Refused: if it is of no known kind, or its end is missing.
    """
    start = bytes(stream[:12])
    if start.startswith(b"\xff\x4f\xff\x51"):
        head = _jpeg_2000(stream)
    elif start.startswith(b"\xff\xd8"):
        head = _jpeg(stream)
    else:
        raise Refused("tags_contradict", "the stream is of another kind")
    if END not in bytes(stream[-64:]):
        raise Refused("truncated", "the stream has no end marker")
    return head


def _jpeg(stream: memoryview) -> Codestream:
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


def _jpeg_2000(stream: memoryview) -> Codestream:
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

"""Pixel data in each transfer syntax, lossless, with BitsStored bits in the stream."""

import struct
from collections.abc import Callable

import imagecodecs
import jpeg_ls  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray
from pydicom.encaps import encapsulate

from workflow_scripts.simulate import sites

Frame = NDArray[np.uint16]


def pixel_data(frame: Frame, bits: int, syntax: str) -> bytes:
    """Return the value of Pixel Data (7FE0,0010).

    Args:
        frame: shape (rows, columns), below 2**bits.
        bits: BitsStored; the precision that compressed streams declare.
        syntax: UID of one of the transfer syntaxes in `sites`.
    """
    if syntax in {sites.EXPLICIT, sites.IMPLICIT}:
        return frame.astype("<u2").tobytes()
    encode: Callable[[Frame, int], bytes] = {
        sites.RLE: _rle,
        sites.JPEG_2000: _jpeg_2000,
        sites.JPEG_LS: _jpeg_ls,
    }[syntax]
    return encapsulate([encode(frame, bits)], has_bot=False)


def _rle(frame: Frame, bits: int) -> bytes:
    """Encode high bytes, then low bytes; each row on its own (PS3.5 annex G)."""
    planes = [(frame >> 8).astype(np.uint8), (frame & 0xFF).astype(np.uint8)]
    segments = []
    for plane in planes:
        segment = b"".join(imagecodecs.packbits_encode(row.tobytes()) for row in plane)
        segments.append(segment + b"\0" * (len(segment) % 2))
    header = struct.pack("<16L", 2, 64, 64 + len(segments[0]), *[0] * 13)
    return header + b"".join(segments)


def _jpeg_2000(frame: Frame, bits: int) -> bytes:
    return bytes(
        imagecodecs.jpeg2k_encode(
            frame, level=0, codecformat="J2K", reversible=True, bitspersample=bits
        )
    )


def _jpeg_ls(frame: Frame, bits: int) -> bytes:
    rows, columns = frame.shape
    # imagecodecs would write 16 bits into the stream whatever the file says.
    return bytes(jpeg_ls.encode_buffer(frame.tobytes(), rows, columns, 1, bits))

"""Refuse to start where a codec is missing or answers wrongly.

Codecs come in wheels whose contents differ from one environment to the next, and some
fail without a word. One made-up picture, a ramp of 16 x 16 pixels, is embedded in each
transfer syntax that we claim to read, and once more as a whole MONOCHROME1 file.
"""

from base64 import b64decode
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest import displayed, frames, header, parsing, picture
from workflow_scripts.ingest.codestreams import ITEM

SIDE = 16  # pixels
JPEG_8 = """
/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJ
BwYGCAsICQoKCgoKBggLDAsKDAkKCgr/wAALCAAQABABAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcI
CQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcY
GRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKj
pKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/APzt
03/gm30/4kH/AJCroNN/4Jt9P+JB/wCQq/eDTf8Agm30/wCJB/5CroNN/wCCbfT/AIkH/kKv/9k=
"""
JPEG_12 = """
/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJ
BwYGCAsICQoKCgoKBggLDAsKDAkKCgr/wQALDAAQABABAREA/8QAFQABAQAAAAAAAAAAAAAAAAAACg3/xAAiEAAA
BAQHAAAAAAAAAAAAAAAACQ0pAgUiRzRCUWFjcXP/2gAIAQEAAD8AncRbabjUy9hfLBbbfyCAS3E3GwDC+ltuuIXg
AttNxqZewvlgttv5BABbibjYBhfS23XEP//Z
"""
JPEG_LOSSLESS = """
/9j/xAAYAAEBAQEBAAAAAAAAAAAAAAAICQUEDP/DAAsMABAAEAEAEQD/2gAIAQAABgAA8/8A6Oj3aOj3aOj3aOj3
aOj3UAQCAQCAQCAQCAQCAQCAQCAQFAEAgEAgEAgEAgEAgEAgEAgEBQBAIBAIBAIBAIBAIBAIBAIBAUAQCAQCAQCA
QCAQCAQCAQCAQFAEAgEAgEAgEAgEAgEAgEAgEBQBAIBAIBAIBAIBAIBAIBAIBAUAQCAQCAQCAQCAQCAQCAQCAQFA
EAgEAgEAgEAgEAgEAgEAgEBQBAIBAIBAIBAIBAIBAIBAIBAUAQCAQCAQCAQCAQCAQCAQCAQFAEAgEAgEAgEAgEAg
EAgEAgEBQBAIBAIBAIBAIBAIBAIBAIBAUAQCAQCAQCAQCAQCAQCAQCAQFAEAgEAgEAgEAgEAgEAgEAgEBQBAIBAI
BAIBAIBAIBAIBAIBAP/Z
"""
JPEG_LS = """
/9j/6AAgU1BJRkYAAgAAAQAAABAAAAAQChAGAQAAASwAAAEs/+gACAAAAAH/2P/3AAsQABAAEAEBEQD/+AANAf//
ABIAQwEUAED/2gAIAQEAAAAAoQwhg3B+HYNwfh2FYzF4fE5GJwBCKEEMQ5GolFopGSEdERkZBzAEVFQkVIhSJEKR
GgRo0Gr/I0aBGjQI0SDEkhkkhj/JJIZJIZJIZJIZJIW/qSSGSSGSSGSKOKKKfxFFOUpylOUpylEv2lKcpTlKcpTl
KIfpKU5SnKU5VdVDvyqrqrqrqrqoz8Kq6q6q6q6qK+6quququt9or7Nvt9l2XaI+qRZFkWRZIj6JFkWRZFkiPmkO
jo6OoYD/2Q==
"""
JPEG_LS_NEAR = """
/9j/6AAgU1BJRkYAAgAAAQAAABAAAAAQChAGAQAAASwAAAEs/+gACAAAAAH/2P/3AAsQABAAEAEBEQD/+AANAf//
ABsAUgEpAED/2gAIAQEAAwAAoHBYHBw4cDhYMOOGOGGlQSEiRJIpIoopSlCCUiUoShCqiKiKhMqIioioiIioiZES
aSSTSSIkTXSSTS6RJEkkklVUiRVVVVUSRVVVXiRv/3Ekf/8SN/95I3//Ejf/eSN//xI3/3gA/9k=
"""
JPEG_2000 = """
/0//UQApAAAAAAAQAAAAEAAAAAAAAAAAAAAAEAAAABAAAAAAAAAAAAABCwEB/1IADAAAAAEAAQQEAAH/XAAHQGBo
aHD/ZAAlAAFDcmVhdGVkIGJ5IE9wZW5KUEVHIHZlcnNpb24gMi41LjT/kAAKAAAAAAB/AAH/k9/hUBIrAwsLE+S5
L4U/OFCLF3Xs/uu7v5kK4AtH+/FEgf1CuHjBQpwF6Ybr9vLXkVp6IY9ylBHvqLBHfKYR9XTPhF3VY+5VENI9rpMc
jN8Fx12hY8mAzMAPkHQfmCg2oYUbKaq3h1egKIEmPz2mNGDP/9k=
"""
JPEG_2000_LOSSY = """
/0//UQApAAAAAAAQAAAAEAAAAAAAAAAAAAAAEAAAABAAAAAAAAAAAAABCwEB/1IADgECAAEAAQQEAACIiP9cAAtC
aCR303fTd2L/ZAAlAAFDcmVhdGVkIGJ5IE9wZW5KUEVHIHZlcnNpb24gMi41LjT/kAAKAAAAAABgAAH/k8/E+BDc
QjzmV0PjwMlgHFEhmCG+drQzpg2vck/slq6B88WrDIg96CMPm+b0fSKGZ/2Bkp3sNRt8CR3HZDjBbAGgoD4xoD2m
LWVhGYNtwO3CgAf/2Q==
"""
HTJ2K = """
/0//UQApQAAAAAAQAAAAEAAAAAAAAAAAAAAAEAAAABAAAAAAAAAAAAABDwEB/1AACAACAAAACv9SAAwAAgABAAUE
BEAB/1wAEyCIkJCQkJCQkJCQkJCQiIiI/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAAJEAAf+TwAAm
RfYFB3QAAMAAEsAAEwAiAYd0AEbyA4d0AMAAFRAABOAAgMPxAIK0AB7pkQDDVADAABVwAAVgQiJEkEad+EZbdwB+
9MMPP/7AUoHstgDAAC2oAAWks7TO0XqO1nO0/kbJN+XZJvy7JN+XKOn74AH+/f39/f39/f2MYHv2MYHsugD/2Q==
"""
HTJ2K_LOSSY = """
/0//UQApQAAAAAAQAAAAEAAAAAAAAAAAAAAAEAAAABAAAAAAAAAAAAABDwEB/1AACAACAAAAKv9SAAwAAgABAAUE
BEAA/1wAIyK3GLbqtuq2vK8ArwCu4qdMp0ynZJADkAOQRpfSl9KXYf9kABcAAU9wZW5KUEggVmVyIDAuMjYuMy7/
kAAKAAAAAADGAAH/k8AAATipgeAIB3QAAMAAAlgAAExwAod0AAr3BId0AMAABUQAAFWACQn+/gDCtAC7wAfsAj7g
Aga0AMAAFfAABbYYqwqPY1xVOP4yS8qbdgCCEoISghKCElvBvRXcW8G9FdwCEADHCEDQuQDAABdBAABdMLaYGSIt
ZoZIi5kh0mJmiP4CdqGHnahh52oYfFg9fZABft/3fd/3u3h34d3F28W7i7eLdxdvF+8fQYwKdMYwKbvJrXJqPwD/
2Q==
"""
RUN_LENGTH = """
AgAAAEAAAABgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAPEA
8QHxAvED8QTxBfEG8QfxCPEJ8QrxC/EM8Q3xDvEPDwARIjBBUmBxgpChssDR4vAPABEiMEFSYHGCkKGywNHi8A8A
ESIwQVJgcYKQobLA0eLwDwARIjBBUmBxgpChssDR4vAPABEiMEFSYHGCkKGywNHi8A8AESIwQVJgcYKQobLA0eLw
DwARIjBBUmBxgpChssDR4vAPABEiMEFSYHGCkKGywNHi8A8AESIwQVJgcYKQobLA0eLwDwARIjBBUmBxgpChssDR
4vAPABEiMEFSYHGCkKGywNHi8A8AESIwQVJgcYKQobLA0eLwDwARIjBBUmBxgpChssDR4vAPABEiMEFSYHGCkKGy
wNHi8A8AESIwQVJgcYKQobLA0eLwDwARIjBBUmBxgpChssDR4vA=
"""
DEFLATED_MONOCHROME1 = """
RElDTQIAAABVTAQAmAAAAAIAAQBPQgAAAgAAAAABAgACAFVJHAAxLjIuODQwLjEwMDA4LjUuMS40LjEuMS4xLjEA
AgADAFVJBgAxLjIuMwACABAAVUkWADEuMi44NDAuMTAwMDguMS4yLjEuOTkCABIAVUkcADEuMi44MjYuMC4xLjM2
ODAwNDMuOC40OTguMQACABMAU0gOAFBZRElDT00gMy4wLjIgPc1Lat0wFAbgo6f1snQ7KRnUcIeZVNykaUlHJuRB
A1FunrSDYjpJ6aDgQTI13YG34BVoC96CV2DoCrQF1b3QIgSfzv8fJOA1PF6+gQN/6I+PNv5gs9kc+/f+wB8td3dA
wN7S4bvOu+X1DU7vMZx9EfBj0Qoutnfrm7vz+/Prh5OHy+31CtZwtVXw/PTz+9uXp+eX9R6g2787NyfrJTu9p3D1
9WK9DxgelymCfaDL1EDYXm9PP91tw/nBkq526WpJX/0XoH9CO5lFeCe9iOwEi25WZ8svh5uj43243flo8/HD718r
2H5eCkspu+RmN7nRRTe43nWudY0LrnbeVc65bJOd7WRHG+1ge9vZ1jY22Np6W1lnc5nKuZzKsYzlUPZlV7ZlU4ay
Ln1Zla7MJpnZTGY00QymN51pTWOCqY03lXEm66RnPelRRz3oXne61Y0OutZeV9rprJKa1aRGFdWgetWpVjUqqFp5
VSmnskxylpMcZZSD7GUnW9nIIGvpZSWdzCKJWUxiFFEMohedaEUjgqiFF5VwIhepmIupGItYDEVfdEVbNEUo6sIX
VeGKzBOf+cRHHvnAe97xljc88Jp7XnHHM0tsZhMbWWQD61nHWtawwGrmWcUcyzTRmU50pJEOtKcdbWlDA62ppxV1
NJNEZjKRkUQykJ50pCUNCaQmnlTEkYwTnvGERxzxgHvc4RY3OOAae1xhhzNKaEYTGlFEA+pRh1rUoIBq5FGFHMqQ
YIYJRogwQA8dtNBAgBo8VODgDwA=
"""

FILE = bytes(128) + b64decode(DEFLATED_MONOCHROME1)

# transfer syntax below 1.2.840.10008.1.2: how far a value may be off, and the stream
COMPRESSED = {
    ".4.50": (1, JPEG_8),
    ".4.51": (1, JPEG_12),
    ".4.57": (0, JPEG_LOSSLESS),
    ".4.70": (0, JPEG_LOSSLESS),
    ".4.80": (0, JPEG_LS),
    ".4.81": (3, JPEG_LS_NEAR),
    ".4.90": (0, JPEG_2000),
    ".4.91": (14, JPEG_2000_LOSSY),
    ".4.201": (0, HTJ2K),
    ".4.202": (0, HTJ2K),
    ".4.203": (1, HTJ2K_LOSSY),
    ".5": (0, RUN_LENGTH),
}


def refuse_wrong_environment() -> None:
    """Decode every embedded picture.

    Raises:
        InputError: if one comes out wrongly; it names the transfer syntax.
    """
    for syntax in ["", *sorted(frames.SYNTAXES)]:
        try:
            right = _right_stream(syntax) if syntax else _right_file()
        except Exception:
            right = False
        if not right:
            what = f"transfer syntax {syntax}" if syntax else "a MONOCHROME1 file"
            raise InputError(
                f"ingest: {what} is decoded wrongly here; install the pinned packages"
                " with envs/install.sh"
            )


def ramp(bits: int) -> NDArray[np.uint16]:
    """Return the picture that is embedded, in 8 or 12 bits."""
    steps = np.arange(SIDE * SIDE, dtype=np.uint16).reshape(SIDE, SIDE)
    return steps if bits == 8 else steps * 16 + np.arange(SIDE, dtype=np.uint16) % 3


def _right_file() -> bool:
    """Tell whether the whole file is shown as it must be."""
    parsed = parsing.parse(FILE)
    known = header.read(parsed.ds)
    stored = frames.stored_values(parsed, known)
    shown = picture.reduced(displayed.displayed(stored, parsed.ds, known), SIDE)
    return bool(np.abs(shown - np.rint(ramp(12) * (255 / 4095))).max() <= 1)


def _right_stream(syntax: str) -> bool:
    """Tell whether the ramp comes out of a transfer syntax."""
    parsed = parsing.parse(FILE)
    off, stream = COMPRESSED.get(syntax.removeprefix("1.2.840.10008.1.2"), (0, ""))
    bits = 8 if syntax.endswith(".4.50") else 12
    known = replace(
        header.read(parsed.ds),
        transfer_syntax=syntax,
        bits_allocated=8 if bits == 8 else 16,
        bits_stored=bits,
        high_bit=bits - 1,
    )
    order = ">u2" if syntax == frames.BIG_ENDIAN else "<u2"
    frame = _encapsulated(stream) if stream else ramp(12).astype(order).tobytes()
    values = frames.stored_values(replace(parsed, pixels=memoryview(frame)), known)
    return bool(np.abs(values.astype(int) - ramp(bits)).max() <= off)


def _encapsulated(stream: str) -> bytes:
    frame = b64decode(stream)
    return ITEM + bytes(4) + ITEM + len(frame).to_bytes(4, "little") + frame

"""Before the first file is read, every codec has shown what it can do."""

import numpy as np
import pytest

from workflow_scripts.core.errors import InputError
from workflow_scripts.ingest import frames, selftest


def test_the_pinned_environment_passes():
    selftest.refuse_wrong_environment()


def test_every_compressed_transfer_syntax_has_a_stream_of_its_own():
    embedded = {f"1.2.840.10008.1.2{end}" for end in selftest.COMPRESSED}
    assert embedded == {*frames.COMPRESSED, frames.RUN_LENGTH}


def silent(stream, **_):
    return np.zeros((16, 16), np.uint16)


def broken(stream, **_):
    raise ImportError("no such codec")


def slightly_off(stream, **_):
    right = selftest.ramp(12).copy()
    right[3, 3] += 1
    return right


@pytest.mark.parametrize("codec", [silent, broken, slightly_off])
@pytest.mark.parametrize("kind", sorted(frames.DECODERS))
def test_a_codec_that_fails_is_named_by_its_transfer_syntax(monkeypatch, kind, codec):
    if kind == "jpeg" and codec is slightly_off:
        pytest.skip("a lossy codec may be off by that much")
    monkeypatch.setitem(frames.DECODERS, kind, codec)
    with pytest.raises(InputError, match=r"transfer syntax 1\.2\.840\.10008\.1\.2\."):
        selftest.refuse_wrong_environment()

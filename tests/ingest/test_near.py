"""Pictures that are the same but for coding, size, brightness and contrast."""

import cv2
import numpy as np
import pytest

from workflow_scripts.core import near
from workflow_scripts.ingest.fingerprint import fingerprint


def picture(seed, shape=(240, 200)):
    """Return a smooth picture of its own for every seed."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0, 1, (14, 12)).astype(np.float32)
    large = cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.rint(20 + 200 * np.clip(large, 0, 1)).astype(np.uint8)


def coded(picture, quality=75):
    code = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(code, cv2.IMREAD_GRAYSCALE)


def resized(picture, factor):
    return cv2.resize(
        picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR
    )


def bent(picture, gamma, gain=1.0, shift=0.0):
    values = gain * (picture / 255) ** gamma + shift
    return np.rint(255 * values.clip(0, 1)).astype(np.uint8)


COPIES = {
    "coded": coded,
    "half": lambda p: resized(p, 0.5),
    "larger": lambda p: resized(p, 1.7),
    "brighter": lambda p: bent(p, 1, 0.85, 0.1),
    "flatter": lambda p: bent(p, 1, 0.6),
    "gamma": lambda p: bent(p, 1.25),
    "all": lambda p: coded(resized(bent(p, 0.85, 0.9), 0.6)),
}


def by_force(fingerprints, alike):
    """Return all pairs, by comparing all pairs."""
    copies, _ = near._unpacked(list(fingerprints))
    details = near.details(copies).astype(np.float64)
    details /= np.linalg.norm(details, axis=1, keepdims=True)
    first, second = np.nonzero(np.triu(details @ details.T >= alike, 1))
    return set(zip(first.tolist(), second.tolist(), strict=True))


def as_set(found):
    return set(zip(found["first"], found["second"], strict=True))


@pytest.mark.parametrize("change", COPIES.values(), ids=COPIES)
def test_a_changed_copy_is_found_and_nothing_else(change):
    originals = [picture(seed) for seed in range(40)]
    prints = [fingerprint(p) for p in originals]
    prints += [fingerprint(change(p)) for p in originals]
    assert as_set(near.pairs(prints)) == {(i, i + 40) for i in range(40)}


def test_pairs_are_those_of_comparing_all_pairs():
    rng = np.random.default_rng(0)
    originals = [picture(seed) for seed in range(60)]
    copies = [
        coded(bent(originals[i], rng.uniform(0.9, 1.1)))
        for i in rng.integers(0, 60, 90)
    ]
    prints = [fingerprint(p) for p in originals + copies]
    prints = list(dict.fromkeys(prints))
    found = near.pairs(prints)
    assert as_set(found) == by_force(prints, near.ALIKE)
    assert found["correlation"].between(near.ALIKE, 1.0001).all()
    assert (found["first"] < found["second"]).all()


def test_repeats_are_paired_with_their_first_place_only():
    one, other = (fingerprint(picture(seed)) for seed in (0, 1))
    found = near.pairs([one, other, one, one])
    assert as_set(found) == {(0, 2), (0, 3)}
    assert (found["correlation"] == 1).all()


@pytest.mark.parametrize("prints", [[], [fingerprint(picture(0))]])
def test_fewer_than_two_have_no_pairs(prints):
    found = near.pairs(prints)
    assert len(found) == 0
    assert list(found.columns) == ["first", "second", "correlation"]


@pytest.mark.parametrize("shape", [(1, 1), (5, 300), (56, 64), (1024, 900)])
def test_a_fingerprint_is_short_and_of_one_form_whatever_the_size(shape):
    text = fingerprint(picture(0, shape))
    assert len(text) == len(fingerprint(picture(1)))
    assert len(text) < 1000
    assert text.isascii()
    assert int(text.split(":")[0], 16) >= 0


def test_blank_pictures_of_any_grey_have_one_fingerprint():
    prints = [fingerprint(np.full((60, 48), grey, np.uint8)) for grey in (0, 9, 255)]
    assert len(set(prints)) == 1

"""The store gives back what lies in it, wherever it lies, in the order asked."""

import numpy as np
import pytest
import torch

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.store import Lungs, Store, by_dataset, gather_by_dataset
from workflow_scripts.pretrain import feed

SIZE = 12  # no multiple of eight: the last byte of a row of lungs is not full
SHARDS = {"own": {0: 5, 1: 0, 7: 3}, "far": {0: 4}}


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """Random images and masks of two datasets, in memory and as files."""
    folder = tmp_path_factory.mktemp("stores")
    generator = np.random.default_rng(0)
    pixels, lungs, files = {}, {}, []
    for name, shards in SHARDS.items():
        place = folder / name / "store"
        place.mkdir(parents=True)
        for shard, n_images in shards.items():
            shape = (n_images, SIZE, SIZE)
            images = generator.integers(0, 256, shape).astype(np.uint8)
            masks = generator.random(shape) < 0.5
            (place / f"{shard}.u8").write_bytes(images.tobytes())
            (place / f"{shard}.lungs").write_bytes(np.packbits(masks, -1).tobytes())
            pixels[name, shard], lungs[name, shard] = images, masks
            files.append(place / f"{shard}.u8")
    return pixels, lungs, files


def places(seed=1, n=40):
    """Random places, with repeats, shards out of order."""
    generator = np.random.default_rng(seed)
    there = [
        (name, shard, row)
        for name, shards in SHARDS.items()
        for shard, n_images in shards.items()
        for row in range(n_images)
    ]
    chosen = [there[k] for k in generator.integers(0, len(there), n)]
    names, shards, rows = zip(*chosen, strict=True)
    return np.array(names, object), np.array(shards), np.array(rows)


def opened(files, suffix=".u8", kind=Store):
    grouped = by_dataset([file.with_suffix(suffix) for file in files])
    return {name: kind(paths, SIZE) for name, paths in grouped.items()}


def expected(arrays, where):
    triples = zip(*where, strict=True)
    return np.stack([arrays[name, shard][row] for name, shard, row in triples])


def test_images_of_several_stores_come_in_the_order_asked(held):
    pixels, _, files = held
    where = places()
    got = gather_by_dataset(*where, opened(files))
    np.testing.assert_array_equal(got, expected(pixels, where))


def test_one_store_gives_images_and_their_lungs(held):
    pixels, lungs, files = held
    names, shards, rows = places()
    own = names == "own"
    where = names[own], shards[own], rows[own]
    images = opened(files)["own"].gather(*where[1:])
    np.testing.assert_array_equal(images, expected(pixels, where))
    masks = opened(files, ".lungs", Lungs)["own"].gather(*where[1:])
    assert masks.dtype == np.bool_
    np.testing.assert_array_equal(masks, expected(lungs, where))


def test_nothing_asked_is_nothing_given(held):
    none = np.empty(0, np.int64)
    assert opened(held[2])["own"].gather(none, none).shape == (0, SIZE, SIZE)


def test_what_is_gathered_may_be_changed(held):
    store = opened(held[2])["own"]
    first = np.zeros(1, np.int64)
    store.gather(first, first)[:] = 0
    assert store.gather(first, first).any()


def test_a_store_of_another_size_is_refused(tmp_path):
    (tmp_path / "0.u8").write_bytes(bytes(100))
    with pytest.raises(InputError, match="not a whole number"):
        Store([tmp_path / "0.u8"], 8)


def fed(held, monkeypatch, share):
    """Feed a pool, with so much of the memory free for it."""
    monkeypatch.setattr(feed, "IN_MEMORY", share)
    monkeypatch.setattr(feed, "ON_DEVICE", share)
    monkeypatch.setattr(feed, "CHUNK", 7)
    return feed.Feed(opened(held[2]), *places())


@pytest.mark.parametrize(("share", "nearest"), [(0.0, False), (0.5, True)])
def test_a_feed_gives_the_same_bits_from_memory_and_from_disk(
    held, monkeypatch, caplog, share, nearest
):
    caplog.set_level("INFO")
    pool = fed(held, monkeypatch, share)
    assert (pool.held is not None) == nearest
    assert ("from disk" in caplog.text) == (not nearest)
    assert "40 images of 12 px" in caplog.text
    numbers = torch.tensor([39, 0, 0, 17])
    got = pool.batch(numbers)
    wanted = expected(held[0], places())[numbers.numpy()]
    np.testing.assert_array_equal(got.cpu().numpy(), wanted)
    assert len(pool) == 40

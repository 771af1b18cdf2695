"""Random batches of images per second: our store beside what others read from.

Every program gives 64 grey images of 256 px at once, uint8, in random order (WebDataset
knows no random access: it shuffles a buffer), from warm caches, in one thread.

The peers go into an environment of their own, beside the project's packages:

    .venv/bin/uv venv --system-site-packages -p .venv/bin/python /tmp/store_peers
    echo "$PWD/.venv/lib/python3.11/site-packages" \
        > /tmp/store_peers/lib/python3.11/site-packages/fewray.pth
    .venv/bin/uv pip install -p /tmp/store_peers/bin/python datasets webdataset zarr
    OMP_NUM_THREADS=1 PYTHONPATH=. /tmp/store_peers/bin/python benchmarks/store.py \
        FOLDER_OF_PICTURES [n_images] [side] [work_folder]
"""

import io
import statistics
import sys
import tarfile
import time
from pathlib import Path

import cv2
import datasets
import numpy as np
import torch
import torchvision
import webdataset
import zarr
from torchvision.transforms.v2.functional import pil_to_tensor

from workflow_scripts.core.store import Store
from workflow_scripts.prepare.resize import squared

BATCH = 64
PER_SHARD = 1000
SECONDS = 3.0  # of each program, in each round
ROUNDS = 5
SUFFIXES = {".jpg", ".jpeg", ".png"}


def images(folder, n_images, side, work):
    """Return squares of the pictures in `folder`, mirrored and turned if too few."""
    cache = work / f"{n_images}x{side}.npy"
    if not cache.is_file():
        paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
        made = np.empty((n_images, side, side), np.uint8)
        first = paths[:n_images]
        for row, path in enumerate(first):
            picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
            made[row] = squared(picture, side)
        for row in range(len(first), n_images):
            turned = np.rot90(made[row % len(first)], row // len(first) % 4)
            made[row] = turned[:, ::-1] if row // len(first) >= 4 else turned
        np.save(cache, made)
    return np.load(cache)


def png(image):
    """Return `image` as PNG."""
    return cv2.imencode(".png", image)[1].tobytes()


def made_once(folder, make):
    """Call `make(folder)` unless that was done; return `folder`."""
    if not (folder / "done").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        make(folder)
        (folder / "done").touch()
    return folder


def memcpy(known, work):
    """The limit: 64 neighbouring images copied to where others were before."""
    out = np.empty((BATCH, *known.shape[1:]), np.uint8)

    def batch(rows):
        start = rows[0] % (len(known) - BATCH)
        np.copyto(out, known[start : start + BATCH])
        return out

    return batch


def fancy_index(known, work):
    """All images in one array in memory, indexed: what holding them would give."""
    return lambda rows: known[rows]


def ours(known, work):
    """Our store, in shards of 1,000 images."""

    def make(folder):
        for start in range(0, len(known), PER_SHARD):
            path = folder / f"{start // PER_SHARD}.u8"
            known[start : start + PER_SHARD].tofile(path)

    files = sorted(made_once(work / "ours" / "store", make).glob("*.u8"))
    store = Store(files, known.shape[1])
    return lambda rows: store.gather(rows // PER_SHARD, rows % PER_SHARD)


def image_folder(known, work):
    """An ImageFolder (torchvision) of PNG: decoded as RGB, one channel kept."""

    def make(folder):
        (folder / "all").mkdir()
        for row, image in enumerate(known):
            (folder / "all" / f"{row:07d}.png").write_bytes(png(image))

    folder = made_once(work / "png", make)
    found = torchvision.datasets.ImageFolder(str(folder), transform=pil_to_tensor)
    return lambda rows: torch.stack([found[row][0][0] for row in rows]).numpy()


def hf_datasets(known, work):
    """Hugging Face datasets, an image column of PNG."""
    features = datasets.Features({"image": datasets.Image()})

    def rows():
        for image in known:
            yield {"image": {"bytes": png(image), "path": None}}

    def make(folder):
        made = datasets.Dataset.from_generator(
            rows, features=features, cache_dir=str(work / "hf_cache")
        )
        made.save_to_disk(str(folder / "data"))

    folder = made_once(work / "hf_png", make)
    found = datasets.load_from_disk(str(folder / "data"))
    return lambda wanted: np.stack([np.asarray(i) for i in found[wanted]["image"]])


def hf_datasets_raw(known, work):
    """Hugging Face datasets, a column of the bare bytes: no decoding there either."""
    side = known.shape[1]

    def rows():
        for image in known:
            yield {"image": image.tobytes()}

    def make(folder):
        features = datasets.Features({"image": datasets.Value("binary")})
        made = datasets.Dataset.from_generator(
            rows, features=features, cache_dir=str(work / "hf_cache")
        )
        made.save_to_disk(str(folder / "data"))

    folder = made_once(work / "hf_raw", make)
    found = datasets.load_from_disk(str(folder / "data"))

    def batch(wanted):
        parts = [np.frombuffer(b, np.uint8) for b in found[wanted]["image"]]
        return np.stack(parts).reshape(-1, side, side)

    return batch


def web_dataset(known, work):
    """WebDataset: tar files of PNG, read one after another, a buffer shuffled."""

    def make(folder):
        for start in range(0, len(known), PER_SHARD):
            with tarfile.open(folder / f"{start // PER_SHARD:05d}.tar", "w") as tar:
                for row in range(start, min(start + PER_SHARD, len(known))):
                    data = png(known[row])
                    entry = tarfile.TarInfo(f"{row:07d}.png")
                    entry.size = len(data)
                    tar.addfile(entry, io.BytesIO(data))

    files = sorted(map(str, made_once(work / "tar", make).glob("*.tar")))
    found = webdataset.WebDataset(files, shardshuffle=len(files), seed=0)
    found = found.shuffle(PER_SHARD).decode("l8").to_tuple("png")
    batches = iter(found.batched(BATCH, partial=False).repeat())
    return lambda wanted: np.asarray(next(batches)[0])


def zarr_chunks(known, work):
    """zarr, a chunk for each image, not compressed."""

    def make(folder):
        shape = (1, *known.shape[1:])
        array = zarr.create_array(
            folder / "data.zarr",
            shape=known.shape,
            chunks=shape,
            dtype="uint8",
            compressors=None,
        )
        for start in range(0, len(known), PER_SHARD):
            array[start : start + PER_SHARD] = known[start : start + PER_SHARD]

    folder = made_once(work / "zarr", make)
    found = zarr.open_array(folder / "data.zarr", mode="r")
    return lambda wanted: found.get_orthogonal_selection((wanted,))


PROGRAMS = {
    "memcpy, the limit": memcpy,
    "array in memory": fancy_index,
    "ours": ours,
    "HF datasets, bytes": hf_datasets_raw,
    "zarr": zarr_chunks,
    "HF datasets, PNG": hf_datasets,
    "WebDataset, PNG": web_dataset,
    "ImageFolder, PNG": image_folder,
}


def rate(batch, n_images, rng):
    """Return the images per second of CPU time that `batch` gives for a while."""
    begun, n_batches = time.process_time(), 0
    while time.process_time() - begun < SECONDS:
        assert len(batch(rng.integers(0, n_images, BATCH))) == BATCH
        n_batches += 1
    return BATCH * n_batches / (time.process_time() - begun)


def main(folder, n_images=20_000, side=256, work="/tmp/store_benchmark"):
    """Print a table: images per second of each program, and its share of the limit."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    work = Path(work)
    work.mkdir(parents=True, exist_ok=True)
    known = images(Path(folder), int(n_images), int(side), work)
    ready = {name: make(known, work) for name, make in PROGRAMS.items()}
    rows = np.arange(BATCH)
    for name, batch in ready.items():
        if name != "WebDataset, PNG":
            np.testing.assert_array_equal(batch(rows)[:, 1:], known[rows][:, 1:], name)
    rng = np.random.default_rng(0)
    rates = {name: [] for name in PROGRAMS}
    for _ in range(ROUNDS):
        for name, batch in ready.items():
            rates[name].append(rate(batch, len(known), rng))
    limit = statistics.median(rates["memcpy, the limit"])
    ours_ = statistics.median(rates["ours"])
    print("| program | images/s and core | lowest, highest | of the limit | ours is |")
    print("|---|---|---|---|---|")
    for name, seen in rates.items():
        middle = statistics.median(seen)
        span = f"{min(seen):,.0f}, {max(seen):,.0f}"
        times = f"{ours_ / middle:,.2f} x"
        print(f"| {name} | {middle:,.0f} | {span} | {middle / limit:.1%} | {times} |")


if __name__ == "__main__":
    main(*sys.argv[1:])

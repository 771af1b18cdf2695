r"""Seconds, memory and share found when near copies are sought among many pictures.

    PYTHONPATH=. OMP_NUM_THREADS=1 python benchmarks/near.py [pictures] [copies]

Pictures are made up, but as alike as chests are: small copies have the mean and the
covariance of phantoms', drawn nearer to the mean until as many agree in a band of signs
as among 5,808 children (2.7 of 100,000 pairs; 2.9 here), since that is what costs time.
Some are enlarged, changed and added again: half the size, JPEG of quality 75, gamma
0.75 to 1.33, other brightness and contrast. Then all are shuffled.

A process of its own looks for pairs, so that its peak is that of the search with all
fingerprints in memory. Figures of one run stand in `benchmarks/near.md`.
"""

import base64
import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from workflow_scripts.core import near
from workflow_scripts.ingest.fingerprint import fingerprint
from workflow_scripts.simulate import phantom, sites
from workflow_scripts.simulate.people import BODY, STUDY, draw_person, generator
from workflow_scripts.simulate.studies import draw_studies

SIDE = near.SIDE
PHANTOMS = 2000
PHANTOM_PX = 96
NEARER = 0.65  # of the phantoms' deviations from their mean
CHUNK = 20_000
ENLARGED = 8  # a small copy is so many times larger when it is changed


def phantoms(n):
    """Yield `n` frontal phantoms of both sites, as displayed."""
    names = ("north", "south")
    for number in range(n):
        site = sites.load(names[number % 2])
        person = draw_person(generator(0, site, number, BODY), number)
        rng = generator(0, site, number, STUDY, 0)
        study = draw_studies(rng, person, site)[0]
        pose = study.poses[0]
        chest = phantom.draw_chest(person, study, pose, PHANTOM_PX, 0, site)
        shown = phantom.take_picture(chest, person, site, rng)
        yield np.rint(255 * shown.picture.clip(0, 1)).astype(np.uint8)


def small_copy(text):
    """Return the small copy that a fingerprint carries."""
    code = base64.b64decode(text.split(":")[1])
    return np.frombuffer(code, np.uint8).reshape(SIDE, SIDE)


def likeness():
    """Return mean and square root of covariance of phantoms' small copies."""
    prints = [fingerprint(picture) for picture in phantoms(PHANTOMS)]
    copies = np.array([small_copy(text).ravel() for text in prints], np.float64)
    covariance = np.cov(copies.T) + 1e-6 * np.eye(SIDE**2)
    return copies.mean(axis=0), NEARER * np.linalg.cholesky(covariance)


def made_up(rng, n, mean, root):
    """Return `n` small copies, uint8."""
    drawn = mean + rng.standard_normal((n, len(mean))) @ root.T
    return np.rint(drawn.clip(0, 255)).astype(np.uint8).reshape(n, SIDE, SIDE)


def printed(copies):
    """Return the fingerprints that carry `copies`."""
    signs = np.packbits(near.details(copies) > 0, axis=1)
    return [
        f"{sign.tobytes().hex()}:{base64.b64encode(copy.tobytes()).decode('ascii')}"
        for sign, copy in zip(signs, copies, strict=True)
    ]


def changed(rng, picture):
    """Return a copy of `picture`: another gamma, brightness, contrast, size, coding."""
    gamma = np.exp(rng.uniform(np.log(0.75), np.log(1 / 0.75)))
    gain, shift = rng.uniform(0.8, 1.0), rng.uniform(0, 0.1)
    values = 255 * (gain * (picture / 255) ** gamma + shift).clip(0, 1)
    half = cv2.resize(np.rint(values).astype(np.uint8), None, fx=0.5, fy=0.5)
    code = cv2.imencode(".jpg", half, [cv2.IMWRITE_JPEG_QUALITY, 75])[1]
    return cv2.imdecode(code, cv2.IMREAD_GRAYSCALE)


def planted(n, n_copied):
    """Return fingerprints and, for each, the number of the picture that it shows."""
    rng = np.random.default_rng(0)
    mean, root = likeness()
    size = (SIDE * ENLARGED, SIDE * ENLARGED)
    prints, shows = [], []
    for copy in made_up(rng, n_copied, mean, root):
        picture = cv2.resize(copy, size, interpolation=cv2.INTER_CUBIC)
        prints += [fingerprint(picture), fingerprint(changed(rng, picture))]
        shows += [len(shows) // 2] * 2
    while len(prints) < n:
        more = min(CHUNK, n - len(prints))
        shows += range(len(prints), len(prints) + more)
        prints += printed(made_up(rng, more, mean, root))
    order = rng.permutation(len(prints))
    return [prints[i] for i in order], np.array(shows)[order]


def measure(path):
    """Look for the pairs of a file of fingerprints; print what it took."""
    prints = pd.read_parquet(path)
    texts, shows = prints["fingerprint"].tolist(), prints["shows"].to_numpy()
    del prints
    before = time.process_time()
    found = near.pairs(texts)
    seconds = time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    right = shows[found["first"]] == shows[found["second"]]
    copied = len(shows) - len(np.unique(shows))
    print(
        f"{len(texts):,} pictures: {seconds:.1f} s, peak {peak:.2f} GiB; "
        f"{right.sum():,} of {copied:,} copies found, "
        f"{(~right).sum()} pairs that are none",
        flush=True,
    )


def main():
    """Make up pictures, and have another process look for the copies among them."""
    numbers = [int(text) for text in sys.argv[1:]]
    n, n_copied = (*numbers, *(1_000_000, 10_000)[len(numbers) :])
    prints, shows = planted(n, n_copied)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fingerprints.parquet"
        frame = pd.DataFrame({"fingerprint": prints, "shows": shows})
        frame.to_parquet(path, index=False)
        del prints, frame
        search = multiprocessing.get_context("spawn").Process(
            target=measure, args=(path,)
        )
        search.start()
        search.join()


if __name__ == "__main__":
    main()

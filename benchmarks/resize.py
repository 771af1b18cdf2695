"""How far ways to shrink are from the exact area average, and how long they take.

    OMP_NUM_THREADS=1 PYTHONPATH=. python benchmarks/resize.py [FOLDER_OF_PICTURES]

The exact average is computed in double precision: each target pixel is the mean of the
source under it, pixels that it cuts counted by their share. Errors are in grey levels
of 255; "border" is the outermost ring of target pixels.
"""

import statistics
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from monai.transforms import Resize
from PIL import Image

CASES = (((1024, 840), (224, 184)), ((1024, 1024), (256, 256)))
REPEATS = 15


def overlaps(n_from, n_to):
    """Return the share of each source pixel in each target pixel, (n_to, n_from)."""
    edges = np.arange(n_to + 1) * n_from / n_to
    at = np.arange(n_from)
    shared = np.minimum(edges[1:, None], at + 1) - np.maximum(edges[:-1, None], at)
    return np.clip(shared, 0, None) * n_to / n_from


def exact(picture, shape):
    """Return the area average, float64."""
    down, across = (overlaps(*ends) for ends in zip(picture.shape, shape, strict=True))
    return down @ picture.astype(np.float64) @ across.T


def opencv_area(picture, shape):
    """OpenCV, INTER_AREA: what `prepare/resize.py` calls."""
    return cv2.resize(picture, shape[::-1], interpolation=cv2.INTER_AREA)


def pillow_box(picture, shape):
    """Pillow, BOX."""
    return np.asarray(
        Image.fromarray(picture).resize(shape[::-1], Image.Resampling.BOX)
    )


def pillow_bilinear(picture, shape):
    """Pillow, BILINEAR, which widens its filter when shrinking."""
    image = Image.fromarray(picture)
    return np.asarray(image.resize(shape[::-1], Image.Resampling.BILINEAR))


def monai(picture, shape, **how):
    """Resize with MONAI; it wants float and a channel."""
    image = torch.from_numpy(picture)[None].float()
    return Resize(spatial_size=shape, **how)(image)[0].numpy()


PROGRAMS = {
    "OpenCV INTER_AREA (ours)": opencv_area,
    "Pillow BOX": pillow_box,
    "Pillow BILINEAR": pillow_bilinear,
    'MONAI Resize(mode="area")': lambda p, s: monai(p, s, mode="area"),
    'MONAI Resize(mode="bilinear")': lambda p, s: monai(p, s, mode="bilinear"),
    "MONAI bilinear, anti_aliasing": lambda p, s: monai(
        p, s, mode="bilinear", anti_aliasing=True
    ),
}


def pictures(folder, shape, n=6):
    """Return noise, and real pictures (enlarged or cut to `shape`) where given."""
    rng = np.random.default_rng(0)
    made = {"noise": [rng.integers(0, 256, shape).astype(np.uint8) for _ in range(n)]}
    if folder:
        paths = sorted(Path(folder).rglob("*.jp*g"))
        chosen = [paths[k] for k in np.linspace(0, len(paths) - 1, n).astype(int)]
        read = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in chosen]
        made["radiographs"] = [
            cv2.resize(image, shape[::-1], interpolation=cv2.INTER_CUBIC)
            for image in read
        ]
    return made


def measured(resize, samples, shape):
    """Return mean, largest and border's mean error, and milliseconds."""
    errors = [np.abs(resize(p, shape) - exact(p, shape)) for p in samples]
    inner = np.pad(np.zeros([n - 2 for n in shape], bool), 1, constant_values=True)
    took = []
    for number in range(REPEATS):
        begun = time.process_time()
        resize(samples[number % len(samples)], shape)
        took.append(1000 * (time.process_time() - begun))
    return (
        float(np.mean(errors)),
        float(np.max(errors)),
        float(np.mean([error[inner].mean() for error in errors])),
        float(np.max([error[inner].max() for error in errors])),
        statistics.median(took),
    )


def main(folder=None):
    """Print a table."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    print("| pictures | program | mean | largest | border, mean | largest | ms |")
    print("|---|---|---|---|---|---|---|")
    for source, target in CASES:
        for kind, samples in pictures(folder, source).items():
            case = f"{kind}, {source[0]} x {source[1]} to {target[0]} x {target[1]}"
            for name, resize in PROGRAMS.items():
                *errors, ms = measured(resize, samples, target)
                cells = " | ".join(f"{error:.2f}" for error in errors)
                print(f"| {case} | {name} | {cells} | {ms:.1f} |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

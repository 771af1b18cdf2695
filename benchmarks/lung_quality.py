"""How well a finder's `quality` tells good lung masks from bad ones.

    PYTHONPATH=. python benchmarks/lung_quality.py FOLDER [FINDER [WEIGHTS]]

FOLDER has `images/` and `masks/` with the same names. Counts, at several thresholds of
quality, the pictures kept, their Dice with the drawn masks, and how much of the drawn
lungs lies in the crop (a margin of 5 %). FINDER is `threshold` unless given.
"""

import sys
import time
from pathlib import Path

import cv2
import numpy as np
from sklearn.metrics import roc_auc_score

from workflow_scripts.prepare import finders
from workflow_scripts.prepare.boxes import widened
from workflow_scripts.prepare.finders import SIDE, Squares
from workflow_scripts.prepare.lung_quality import dice, judged
from workflow_scripts.prepare.resize import fit, squared

MARGIN = 0.05
GOOD, BAD = 0.85, 0.75


def read(folder):
    """Return pictures and drawn lungs as squares, and each picture's share of it."""
    images = {path.stem: path for path in (folder / "images").iterdir()}
    pictures, drawn, shares = [], [], []
    for path in sorted((folder / "masks").iterdir()):
        picture = cv2.imread(str(images[path.stem]), cv2.IMREAD_GRAYSCALE)
        mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        place = fit(*picture.shape, SIDE)
        pictures.append(squared(picture, SIDE))
        drawn.append(squared((mask > 0) * np.uint8(255), SIDE) >= 128)
        shares.append(place.rows * place.columns / SIDE**2)
    return np.stack(pictures), np.stack(drawn), shares


def in_crop(seen, drawn):
    """Return the share of the drawn lungs that a crop shows; NaN without a box."""
    boxes = [box for box in (seen.right, seen.left) if box]
    if not boxes:
        return np.nan
    box = widened(boxes, MARGIN, SIDE, SIDE)
    return box.of(drawn.astype(np.uint8)).sum() / drawn.sum()


def main(folder, finder="threshold", weights=None):
    """Print a table."""
    cv2.setNumThreads(1)
    pictures, drawn, shares = read(Path(folder))
    find = finders.ready(finder, Path(weights) if weights else None)
    begun = time.process_time()
    nobody = np.zeros(len(pictures), np.bool_)
    none = np.zeros_like(drawn)
    found = find(Squares(pictures=pictures, drawn=none, known=nobody))
    took = 1000 * (time.process_time() - begun) / len(pictures)
    each = zip(found.lungs, shares, found.agreement, strict=True)
    seen = [judged(lungs, share, float(sure)) for lungs, share, sure in each]
    quality = np.nan_to_num([one.quality for one in seen], nan=-1)
    scores = np.array([dice(a, b) for a, b in zip(found.lungs, drawn, strict=True)])
    shown = np.array([in_crop(a, b) for a, b in zip(seen, drawn, strict=True)])
    any_ = quality >= 0
    print(f"{len(pictures)} pictures, {took:.0f} ms of CPU time each")
    print(f"mean Dice {scores.mean():.3f}; lungs found in {any_.mean():.0%}", end="")
    print(f", there {scores[any_].mean():.3f}")
    for limit in (GOOD, BAD):
        if 0 < (scores > limit).sum() < len(scores):
            ranked = roc_auc_score(scores > limit, quality)
            print(f"AUROC of quality for Dice above {limit}: {ranked:.2f}")
    print(f"| quality | kept | Dice | above {GOOD} | below {BAD} | least shown |")
    print("|---|---|---|---|---|---|")
    for least in (0.5, 0.6, 0.7, 0.8, 0.85, 0.9):
        kept = quality >= least
        told = scores[kept]
        if len(told):
            shares_ = f"{(told > GOOD).mean():.0%} | {(told < BAD).mean():.0%}"
            end = f"{shares_} | {shown[kept].min():.0%} |"
            print(f"| {least} | {kept.mean():.0%} | {told.mean():.3f} | {end}")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""How often each check of ingestion is alarmed by the pictures of a folder.

Counts alarms among the pictures as they are, and among the same pictures with a fault:
`PYTHONPATH=. python benchmarks/checks.py FOLDER [every_nth]`; JPEG and PNG are read.
"""

import pkgutil
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from workflow_scripts.ingest import checks

NAMES = [module.name for module in pkgutil.iter_modules(checks.__path__)]
LINES = ("DOE^JOHN", "ID 4711 0815", "1960-01-01 M")
SUFFIXES = {".jpg", ".jpeg", ".png"}


def pictures(folder, every):
    """Yield name and picture of every n-th file, as ingestion would hand it on."""
    paths = sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in SUFFIXES)
    for path in paths[::every]:
        picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if picture is not None:
            yield path.name, shrunk(picture)


def shrunk(picture):
    """Return the picture with a long side of at most 1024."""
    scale = 1024 / max(picture.shape)
    if scale >= 1:
        return picture
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def written_on(picture, rng):
    """Return the picture with a made-up patient's lines in its upper half."""
    height = max(7, int(max(picture.shape) * rng.uniform(0.015, 0.035)))
    font = int(rng.choice([cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_COMPLEX]))
    scale = cv2.getFontScaleFromHeight(font, height)
    left = int(picture.shape[1] * rng.uniform(0.02, 0.3))
    picture = picture.copy()
    for number, line in enumerate(LINES, 1):
        place = (left, int(1.6 * height * number) + 3)
        cv2.putText(picture, line, place, font, scale, (255,), 1, cv2.LINE_AA)
    return picture


def grey_below(picture, rng):
    """Return the picture as from a file cut at 40 to 75 % of its height."""
    picture = picture.copy()
    picture[int(len(picture) * rng.uniform(0.4, 0.75)) :] = 128
    return picture


def flipped_bits(picture, rng):
    """Return what a JPEG decoder makes of 40 flipped bits, if that can be seen."""
    code = bytearray(cv2.imencode(".jpg", picture)[1].tobytes())
    for place in rng.integers(700, len(code) - 2, 40):
        code[place] ^= 1 << int(rng.integers(8))
    broken = cv2.imdecode(np.frombuffer(code, np.uint8), cv2.IMREAD_GRAYSCALE)
    if broken is None or broken.shape != picture.shape or broken.std() < 1:
        return None
    related = np.corrcoef(broken.ravel(), picture.ravel())[0, 1]
    return broken if related < 0.98 else None


FAULTS = {
    "as it is": lambda picture, rng: picture,
    "inverted": lambda picture, rng: 255 - picture,
    "grey below": grey_below,
    "text": written_on,
    "flipped bits": flipped_bits,
}


def measure(folder, every):
    """Return the alarms of each fault and check, and the seconds of each check."""
    rng = np.random.default_rng(0)
    suspects = {name: checks.load(name) for name in NAMES}
    alarms = {fault: dict.fromkeys(["n", *NAMES, "any"], 0) for fault in FAULTS}
    seconds = dict.fromkeys(NAMES, 0.0)
    for name, picture in pictures(folder, every):
        for fault, make in FAULTS.items():
            if (faulty := make(picture, rng)) is None:
                continue
            alarms[fault]["n"] += 1
            found = []
            for check, suspect in suspects.items():
                begun = time.perf_counter()
                if detail := suspect(faulty):
                    found.append(f"{check} ({detail})")
                    alarms[fault][check] += 1
                seconds[check] += time.perf_counter() - begun
            alarms[fault]["any"] += bool(found)
            if fault == "as it is" and found:
                print(name, "; ".join(found), file=sys.stderr)
    return alarms, seconds


if __name__ == "__main__":
    cv2.setNumThreads(1)
    every = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    alarms, seconds = measure(sys.argv[1], every)
    print("fault", "n", *NAMES, "any", sep="\t")
    for fault, counts in alarms.items():
        print(fault, *counts.values(), sep="\t")
    total = max(1, sum(counts["n"] for counts in alarms.values()))
    each = [f"{1000 * seconds[name] / total:.2f}" for name in NAMES]
    print("ms", "", *each, sep="\t")

r"""Images per second and core from a DICOM file to a small picture: ours and others'.

    PYTHONPATH=. python benchmarks/ingest.py [python of a venv with the peers]

The peers are no dependencies of ours. Their venv is made by

    uv venv /tmp/peers && uv pip install --python /tmp/peers/bin/python monai itk \
        SimpleITK pydicom pylibjpeg-openjpeg pylibjpeg-rle pyjpegls python-gdcm \
        pillow opencv-python-headless

(no pylibjpeg-libjpeg: it is GPL). Files are made up: smooth shapes and grain that
compress about 2.4 : 1. Time is the CPU time of one process with one thread, the median
of several rounds, files in the page cache. "floor" is the least that any program with
our codecs must do: read the bytes, decode them, shrink by areas. "ours" is all that the
step does: it hashes file and pixels, follows the header, takes a fingerprint and runs
every picture check; "bare" is without the checks. The peers read, decode and shrink.
Figures of one run stand in `benchmarks/ingest.md`.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ingest_programs

ALIKE = {  # for every program: one thread, and memory kept instead of asked for anew
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "1073741824",
}

GRAIN_PX = 0.7  # blur of the grain
SIZES = [(2500, 2048), (3072, 3072)]
ROUNDS_S = 1.0  # for each file and program, but at least 3 rounds
SYNTAXES = {
    "explicit LE": "1.2.840.10008.1.2.1",
    "explicit LE, MONOCHROME1": "1.2.840.10008.1.2.1",
    "deflate": "1.2.840.10008.1.2.1.99",
    "RLE": "1.2.840.10008.1.2.5",
    "JPEG baseline, 8 bit": "1.2.840.10008.1.2.4.50",
    "JPEG Lossless SV1": "1.2.840.10008.1.2.4.70",
    "JPEG-LS": "1.2.840.10008.1.2.4.80",
    "JPEG 2000 lossless": "1.2.840.10008.1.2.4.90",
    "HTJ2K": "1.2.840.10008.1.2.4.201",
}
OURS = {"floor": "floor", "ours": "ours", "bare": "ours_bare"}
PEERS = {"MONAI": "monai", "SimpleITK": "simple_itk", "pydicom + PIL": "pydicom_pil"}


def main(peers):
    """Make the files, time every program on each, print a table."""
    with tempfile.TemporaryDirectory() as folder:
        ratios = make(Path(folder))
        found = {name: timed_apart(OURS[name], sys.executable, folder) for name in OURS}
        for name, program in PEERS.items() if peers else ():
            found[name] = timed_apart(program, peers, folder)
    head = [
        "file",
        "ratio",
        "floor",
        "ours, of floor",
        "bare, of floor",
        *list(found)[3:],
    ]
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for file, ratio in ratios.items():
        floor, ours, bare, *others = (times[file] for times in found.values())
        cells = [file, f"{ratio:.1f}", f"{1 / floor:.1f}"]
        cells += [f"{1 / one:.1f}, {100 * floor / one:.0f} %" for one in (ours, bare)]
        for one in others:
            cells.append(f"{1 / one:.1f}, {one / ours:.1f} x" if one else "cannot")
        print("| " + " | ".join(cells) + " |")


def timed_apart(program, python, folder):
    """Time a program in a process of its own."""
    command = [python, __file__, "--time", program, folder]
    done = subprocess.run(
        command, env=os.environ | ALIKE, stdout=subprocess.PIPE, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def make(folder):
    """Write one file for each syntax and size; return how well each compresses."""
    import cv2

    from tests.ingest.synthetic import chest, compressed, dataset, dicom_bytes

    ratios = {}
    for name, syntax in SYNTAXES.items():
        bits = 8 if "8 bit" in name else 12
        for shape in SIZES:
            grainy = chest(bits=12, shape=shape)
            stored = cv2.GaussianBlur(grainy, (0, 0), GRAIN_PX) >> (12 - bits)
            stored = stored.astype(f"u{1 if bits == 8 else 2}")
            if name.endswith("MONOCHROME1"):
                stored = 4095 - stored
            plain = syntax.startswith(SYNTAXES["explicit LE"])
            ds = dataset(stored) if plain else compressed(stored, syntax, bits=bits)
            ds.WindowCenter, ds.WindowWidth = 2 ** (bits - 1), 2**bits
            ds.file_meta.TransferSyntaxUID = syntax
            if name.endswith("MONOCHROME1"):
                ds.PhotometricInterpretation = "MONOCHROME1"
            file = f"{name}, {shape[0]} x {shape[1]}"
            data = dicom_bytes(ds)
            (folder / f"{file}.dcm").write_bytes(data)
            ratios[file] = stored.nbytes / len(data)
    return ratios


def timed(program, folder):
    """Return seconds of CPU time for each file; None where the program fails."""
    read = getattr(ingest_programs, program)(Path(folder))
    seconds = {}
    for path in sorted(Path(folder).glob("*.dcm")):
        try:
            read(path)
        except Exception as error:
            print(f"{program}: {path.name}: {error!r}", file=sys.stderr)
            seconds[path.stem] = None
            continue
        rounds, begun = [], time.monotonic()
        while len(rounds) < 3 or time.monotonic() - begun < ROUNDS_S:
            started = time.process_time()
            read(path)
            rounds.append(time.process_time() - started)
        seconds[path.stem] = statistics.median(rounds)
    return seconds


if __name__ == "__main__":
    if sys.argv[1:2] == ["--time"]:
        print(json.dumps(timed(*sys.argv[2:])))
    else:
        main(sys.argv[1] if len(sys.argv) > 1 else None)

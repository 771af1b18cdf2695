r"""Images per second and core from a DICOM file to a small picture: ours and others'.

    PYTHONPATH=. python benchmarks/ingest.py [python of a venv with the peers]

The peers are no dependencies of ours. Their venv is made by

    uv venv /tmp/peers && uv pip install --python /tmp/peers/bin/python monai itk \
        SimpleITK pydicom pylibjpeg-openjpeg pylibjpeg-rle pyjpegls python-gdcm \
        pillow opencv-python-headless

(no pylibjpeg-libjpeg: it is GPL). Files are made up: smooth shapes and grain that
compress about 2.4 : 1. Time is the CPU time of one process with one thread, the median
of several rounds, files in the page cache. Each program has a process of its own, and
they take turns file by file and round by round, so that a busy neighbour or a changed
clock meets all of them. "floor" is the least that any program with our codecs must do:
read the bytes, decode them, shrink by areas. "ours" is all that the step does: it
hashes file and pixels, follows the header, takes a fingerprint and runs every picture
check; "bare" is without the checks, "no hash" without the SHA-256 of the file. The
peers read, decode and shrink.
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
ROUNDS_S = 1.0  # for each file and program
LEAST_ROUNDS = 9
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
OURS = {"floor": "floor", "ours": "ours", "bare": "ours_bare", "no hash": "no_hash"}
PEERS = {"MONAI": "monai", "SimpleITK": "simple_itk", "pydicom + PIL": "pydicom_pil"}


def main(peers):
    """Make the files, time every program on each, print a table."""
    with tempfile.TemporaryDirectory() as folder:
        ratios = make(Path(folder))
        programs = {name: started(OURS[name], sys.executable, folder) for name in OURS}
        for name, program in PEERS.items() if peers else ():
            programs[name] = started(program, peers, folder)
        shares = [f"{name}, of floor" for name in list(OURS)[1:]]
        head = ["file", "ratio", "floor", *shares, *list(programs)[len(OURS) :]]
        print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
        for file, ratio in ratios.items():
            taken = list(in_turns(list(programs.values()), file))
            print("| " + " | ".join(cells(file, ratio, taken)) + " |", flush=True)


def cells(file, ratio, taken):
    """Return a line of the table."""
    floor, *ours = taken[: len(OURS)]
    line = [file, f"{ratio:.1f}", f"{1 / floor:.1f}"]
    line += [f"{1 / one:.1f}, {100 * floor / one:.0f} %" for one in ours]
    for one in taken[len(OURS) :]:
        line.append(f"{1 / one:.1f}, {one / ours[0]:.2f} x" if one else "cannot")
    return line


def started(program, python, folder):
    """Start a program in a process of its own; it reads each file it is told."""
    return subprocess.Popen(
        [python, __file__, "--serve", program, folder],
        env=os.environ | ALIKE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def in_turns(programs, file):
    """Yield each program's median of seconds for a file; None where it fails."""
    rounds = [[told(program, file)] for program in programs]  # the first is no measure
    able = [number for number, seconds in enumerate(rounds) if seconds[0]]
    slowest = max(rounds[number][0] for number in able)
    for _ in range(max(LEAST_ROUNDS, int(ROUNDS_S / slowest))):
        for number in able:
            rounds[number].append(told(programs[number], file))
    for seconds in rounds:
        yield statistics.median(seconds[1:]) if seconds[0] else None


def told(program, file):
    """Have a program read a file; return its seconds."""
    print(file, file=program.stdin, flush=True)
    while not (answer := program.stdout.readline()).startswith("seconds "):
        assert answer, "the program died"
    return json.loads(answer.removeprefix("seconds "))


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


def serve(program, folder):
    """Read each file that is asked for; answer the seconds of CPU time, or null."""
    read = getattr(ingest_programs, program)(Path(folder))
    for line in sys.stdin:
        path = Path(folder) / f"{line.strip()}.dcm"
        started = time.process_time()
        try:
            read(path)
        except Exception as error:
            print(f"{program}: {path.name}: {error!r}", file=sys.stderr)
            print("seconds null", flush=True)
        else:
            print("seconds", time.process_time() - started, flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(*sys.argv[2:])
    else:
        main(sys.argv[1] if len(sys.argv) > 1 else None)

"""The programs that `ingest.py` times, each a function that gives a reader of files.

Imports stand inside: a program's packages are in its own environment only.
"""

import sys
import time

LONG_SIDE_PX = 1024


def ours(folder):
    """Read as the step does, with every check of a picture."""
    import pkgutil

    from workflow_scripts.ingest import checks

    return _reads(
        folder, [found.name for found in pkgutil.iter_modules(checks.__path__)]
    )


def ours_bare(folder):
    """Read as the step does, without any check of a picture."""
    return _reads(folder, [])


def no_hash(folder):
    """Read as the step does, but without the SHA-256 of the file's bytes."""
    from types import SimpleNamespace

    from workflow_scripts.ingest import opening

    class Unhashed:
        def hexdigest(self):
            return "0" * 64

    opening.hashlib = SimpleNamespace(sha256=lambda data: Unhashed())
    return ours(folder)


def _reads(folder, checks):
    import cv2

    from workflow_scripts.ingest import parsing
    from workflow_scripts.ingest.pseudonym import PUBLIC_KEY, Pseudonyms
    from workflow_scripts.ingest.reading import Reader

    cv2.setNumThreads(1)
    parsing.silence()
    reader = Reader(
        root=folder,
        pseudonyms=Pseudonyms(PUBLIC_KEY, "benchmark"),
        long_side_px=LONG_SIDE_PX,
        exclude=frozenset({"lateral", "other_modality"}),
        checks=tuple(checks),
        raw=None,
    )

    def read(path):
        reading = reader.read(path.name)
        assert reading.code == "ok", (reading.code, reading.detail)

    return read


def floor(folder):
    """Read, decode with our codec, shrink; the header is known beforehand."""
    import cv2

    from workflow_scripts.ingest import frames, header, parsing, picture

    cv2.setNumThreads(1)
    known = {}
    for path in folder.glob("*.dcm"):
        parsed = parsing.parse(path.read_bytes())
        known[path] = (parsed, header.read(parsed.ds))

    def read(path):
        parsed, facts = known[path]
        data = path.read_bytes()
        if "deflate" in path.name:
            data = parsing._inflated(data)
        parsed.pixels = memoryview(data)[-len(parsed.pixels) :]
        return picture.shrunk(frames.stored_values(parsed, facts), LONG_SIDE_PX)

    return read


def resized(pixels):
    """Shrink by areas, the way of OpenCV."""
    import cv2

    rows, columns = pixels.shape
    scale = LONG_SIDE_PX / max(rows, columns)
    size = (round(columns * scale), round(rows * scale))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def monai(folder):
    """Load and resize by MONAI's transforms, with the faster of its two readers."""
    import torch
    from monai.transforms import Compose, EnsureChannelFirst, LoadImage, Resize

    torch.set_num_threads(1)
    readers = {}

    def chain(reader):
        shrink = Resize(LONG_SIDE_PX, size_mode="longest", mode="area")
        return Compose([LoadImage(reader=reader), EnsureChannelFirst(), shrink])

    def read(path):
        if path not in readers:
            readers[path] = faster([chain("PydicomReader"), chain("ITKReader")], path)
        return readers[path](path)

    return read


def faster(programs, path):
    """Return the faster of the programs that can read a file."""
    seconds = {}
    for program in programs:
        try:
            program(path)
            started = time.process_time()
            program(path)
            seconds[program] = time.process_time() - started
        except Exception as error:
            print(f"{path.name}: {error!r}", file=sys.stderr)
    return min(seconds, key=seconds.get)


def simple_itk(folder):
    """Read by SimpleITK; shrink by OpenCV, which is much faster than its own filter."""
    import cv2
    import SimpleITK

    cv2.setNumThreads(1)
    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)

    def read(path):
        image = SimpleITK.ReadImage(str(path))
        pixels = SimpleITK.GetArrayViewFromImage(image).squeeze()
        return resized(pixels if pixels.itemsize < 4 else pixels.astype("uint16"))

    return read


def pydicom_pil(folder):
    """Do what many scripts do: `pixel_array`, stretch, resize by Pillow."""
    import numpy as np
    import pydicom
    from PIL import Image

    def read(path):
        pixels = pydicom.dcmread(path).pixel_array.astype(np.float32)
        low, high = pixels.min(), pixels.max()
        image = Image.fromarray(((pixels - low) / (high - low) * 255).astype(np.uint8))
        image.thumbnail((LONG_SIDE_PX, LONG_SIDE_PX))
        return np.asarray(image)

    return read

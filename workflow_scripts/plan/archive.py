"""Notice that a user's folder changed: its files are not Snakemake's to watch."""

import hashlib
import os
from functools import cache
from pathlib import Path


@cache
def state(root: Path, left_out: Path | None) -> str:
    """Return twenty hex digits over the names, sizes and times of all files.

    A file whose content changed under an unchanged size and time is not noticed.

    Args:
        root: the folder.
        left_out: one file that does not count; None for none.
    """
    rows: list[bytes] = []
    ignored = None if left_out is None else os.path.realpath(os.fsencode(left_out))
    waiting = [os.fsencode(root)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif os.path.realpath(entry.path) != ignored:
                    known = entry.stat(follow_symlinks=False)
                    place = os.path.relpath(entry.path, os.fsencode(root))
                    rows.append(b"%s %d %d" % (place, known.st_size, known.st_mtime_ns))
    return hashlib.sha256(b"\0".join(sorted(rows))).hexdigest()[:20]

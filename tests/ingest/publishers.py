"""What an adapter is given, made from the files below a root without decoding them."""

import pandas as pd

from workflow_scripts.ingest.datasets import FILES, Source
from workflow_scripts.plan import adapters

TABLES = {".csv", ".json", ".xml"}


def source_of(root, *, adapter, **options):
    """Return the Source of a folder; a file's id is its path, a UID's hash the UID."""
    paths = [path for path in sorted(root.rglob("*")) if path.is_file()]
    pictures = [path for path in paths if path.suffix not in TABLES]
    pictures = [str(path.relative_to(root)) for path in pictures]
    files = pd.DataFrame({"file_id": pictures, "path": pictures, "image_id": None})
    told = {"root": str(root), "adapter": adapter, "labels": None}
    return Source(
        files=FILES.check(files),
        tables=adapters.tables(told),
        options=options,
        hashed_uid=lambda uid: uid,
    )

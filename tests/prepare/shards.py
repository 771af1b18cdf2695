"""One shard of pictures as ingestion leaves it: a chest drawn with two ellipses."""

import cv2
import numpy as np
import pandas as pd

from workflow_scripts.core.tables.ingest import DECODED, NO_MASK


def lungs(rows, columns):
    """Two upright ellipses: the lungs of a picture of this shape, 0 and 1."""
    mask = np.zeros((rows, columns), np.uint8)
    for x in (0.32, 0.68):
        centre = round(x * columns), round(0.48 * rows)
        cv2.ellipse(
            mask, centre, (round(0.14 * columns), round(0.33 * rows)), 0, 0, 360, 1, -1
        )
    return mask


def chest(rows, columns, seed=0):
    """A bright body on black, dark in its lungs, with some noise."""
    picture = np.zeros((rows, columns), np.float64)
    body = round(0.5 * columns), round(0.6 * rows)
    cv2.ellipse(
        picture, body, (round(0.46 * columns), round(0.58 * rows)), 0, 0, 360, 190, -1
    )
    picture[lungs(rows, columns) > 0] = 80
    picture = cv2.GaussianBlur(picture, (0, 0), columns / 100)
    noise = np.random.default_rng(seed).normal(0, 6, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


class Shard:
    """The files of one shard, written into a folder."""

    def __init__(self, folder, pictures, masks=(), statuses=()):
        """Write `pictures`; `masks` has one for each, None where nobody drew."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.pictures = folder, pictures
        self.decoded = folder / "decoded.parquet"
        self.pixels = folder / "pixels.u8"
        self.lung_masks = folder / "masks.u8"
        self.pixels.write_bytes(b"".join(p.tobytes() for p in pictures))
        drawn = [
            np.full(picture.shape, NO_MASK, np.uint8) if mask is None else mask
            for picture, mask in zip(pictures, masks, strict=False)
        ]
        self.lung_masks.write_bytes(b"".join(mask.tobytes() for mask in drawn))
        sizes = [picture.size for picture in pictures]
        table = pd.DataFrame(
            {
                "file_id": [f"f{number}" for number in range(len(pictures))],
                "status": list(statuses) or ["accepted"] * len(pictures),
                "reason": "ok",
                "patient": "given",
                "shard": 3,
                "offset": np.cumsum([0, *sizes])[:-1],
                "picture_rows": [len(picture) for picture in pictures],
                "picture_columns": [picture.shape[1] for picture in pictures],
            }
        )
        for name in DECODED.columns.keys() - set(table.columns):
            table[name] = None
        unread = {"status": "quarantined", "reason": "broken", "patient": "given"}
        table = table.to_dict("records")
        table.append(dict.fromkeys(DECODED.columns) | {"file_id": "f-none"} | unread)
        DECODED.write(pd.DataFrame(table), self.decoded)

"""Grey values are measured on the training images, and on no other."""

import numpy as np
import pandas as pd
import pytest

from workflow_scripts.core.tables.prepare import SPLITS
from workflow_scripts.core.tables.prepare_pixels import INTENSITY, STORE
from workflow_scripts.prepare import intensity

SIZE = 16


def measured(folder, splits, images, n_shards=2):
    """Store the images in two shards; return the row of the table."""
    files, rows = [], []
    for shard in range(n_shards):
        mine = images[shard::n_shards]
        files.append(folder / f"{shard}.u8")
        files[-1].write_bytes(mine.tobytes())
        rows += [(f"i{shard + n_shards * k}", shard, k) for k in range(len(mine))]
    table = pd.DataFrame(rows, columns=["image_id", "shard", "row"])
    boxes = {name: 0 for name in STORE.columns if name.startswith("box")}
    STORE.write(
        table.assign(**boxes, mask_quality=np.nan, crop="whole"),
        folder / "rows.parquet",
    )
    names = [f"i{number}" for number in range(len(images))]
    known = pd.DataFrame({"image_id": names, "split": splits})
    SPLITS.write(known, folder / "splits.parquet")
    intensity.main(
        splits=folder / "splits.parquet",
        rows=folder / "rows.parquet",
        stores=files,
        recipe=intensity.Recipe(dataset="own", size_px=SIZE),
        intensity=folder / "intensity.parquet",
    )
    (row,) = INTENSITY.read(folder / "intensity.parquet").to_dict("records")
    return row


@pytest.mark.parametrize("exact", [2**24, 3 * SIZE**2])  # one batch, and several
def test_it_equals_the_definition(tmp_path, monkeypatch, exact):
    monkeypatch.setattr(intensity, "EXACT", exact)
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (9, SIZE, SIZE)).astype(np.uint8)
    splits = ["train", "test", "train", "validation", *["train"] * 5]
    row = measured(tmp_path, splits, images)
    train = images[[s == "train" for s in splits]] / 255
    assert row["dataset"] == "own"
    assert row["n_images"] == 7
    assert row["mean"] == pytest.approx(train.mean(), abs=1e-12)
    assert row["deviation"] == pytest.approx(train.std(), abs=1e-12)


def test_without_training_images_there_is_nothing_to_measure(tmp_path):
    images = np.full((2, SIZE, SIZE), 7, np.uint8)
    row = measured(tmp_path, ["test", "validation"], images)
    assert row["n_images"] == 0
    assert np.isnan(row["mean"])
    assert np.isnan(row["deviation"])

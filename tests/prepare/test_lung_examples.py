"""Which drawn lungs teach the lung finder, and which test it."""

import cv2
import numpy as np
import pandas as pd
import pytest

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.ingest import IMAGES, NO_MASK, PIXELS
from workflow_scripts.core.tables.prepare import SPLITS
from workflow_scripts.core.tables.prepare_pixels import EXAMPLES
from workflow_scripts.prepare import lung_drawn, lung_examples
from workflow_scripts.prepare.finders import SIDE
from workflow_scripts.prepare.lung_examples import Recipe

EACH = 2  # images of a patient


def recipe(examples=1000, seed=1):
    return Recipe(examples=examples, validation_share=0.2, test_share=0.2, seed=seed)


def table(n_patients):
    owners = np.repeat([f"p{number}" for number in range(n_patients)], EACH)
    images = [f"i{number}" for number in range(len(owners))]
    split = np.where(np.arange(len(owners)) // EACH % 4 == 0, "test", "train")
    return pd.DataFrame({"image_id": images, "patient_id": owners, "split": split})


def archive(folder, masks):
    """Write what ingestion gives: `masks` is a list of shards of masks or None."""
    rng = np.random.default_rng(0)
    places, pictures = [], []
    for shard, drawn in enumerate(masks):
        offset = 0
        some = any(mask is not None for mask in drawn)
        with (
            (folder / f"pixels-{shard}").open("wb") as pixels,
            (folder / f"masks-{shard}").open("wb") as lungs,
        ):
            for mask in drawn:
                shape = (40, 50) if mask is None else mask.shape
                picture = rng.integers(0, 256, shape, np.uint8)
                pixels.write(picture.tobytes())
                blank = np.full(shape, NO_MASK, np.uint8)
                if some:
                    lungs.write((blank if mask is None else mask).tobytes())
                places.append((shard, offset, *shape))
                pictures.append(picture)
                offset += picture.size
    frame = pd.DataFrame(places, columns=["shard", "offset", "rows", "columns"])
    frame.insert(0, "image_id", [f"i{number}" for number in range(len(frame))])
    PIXELS.write(frame, folder / "pixels.parquet")
    write_owners(folder, table(len(frame) // EACH))
    return pictures


def clinic_of(folder, owners):
    """Write images and splits of a dataset that tests all these patients."""
    folder.mkdir()
    known = pd.DataFrame({"image_id": [f"{p}-scan" for p in owners]})
    write_owners(folder, known.assign(patient_id=owners, split="test"))
    return folder


def write_owners(folder, known):
    images = IMAGES.empty().reindex(range(len(known)))
    images = images.assign(
        image_id=known["image_id"],
        patient_id=known["patient_id"],
        file_id=known["image_id"],
        rows=1,
        columns=1,
        photometric="raster",
        bits_stored=8,
        transfer_syntax="png",
        sha256="0",
    )
    IMAGES.write(images, folder / "images.parquet")
    SPLITS.write(known[["image_id", "split"]], folder / "splits.parquet")


def run(folder, n_shards, chosen, walls=()):
    pixels, masks = folder / "pixels", folder / "lung_masks"
    for place, kind in ((pixels, "pixels"), (masks, "masks")):
        place.mkdir(exist_ok=True)
        for shard in range(n_shards):
            place_of = folder / f"{kind}-{shard}"
            if place_of.exists():  # else it was run before
                place_of.rename(place / f"{shard}.u8")
    lung_examples.main(
        index=folder / "pixels.parquet",
        images=folder / "images.parquet",
        splits=folder / "splits.parquet",
        wall_images=[wall / "images.parquet" for wall in walls],
        wall_splits=[wall / "splits.parquet" for wall in walls],
        pixels=sorted(pixels.iterdir()),
        lung_masks=sorted(masks.iterdir()),
        recipe=chosen,
        examples=folder / "lung_examples.u8",
        listed=folder / "lung_examples.parquet",
    )
    return lung_drawn.read(
        [folder / "lung_examples.u8"], [folder / "lung_examples.parquet"], ["here"]
    )


def blots(rows, columns):
    """Return a mask of some noise, so that halves and quarters of pixels come."""
    rng = np.random.default_rng(rows)
    soft = cv2.GaussianBlur(rng.random((rows, columns)), (0, 0), 3)
    return (soft > 0.5).astype(np.uint8)


def halved(array):
    """Return the mean of every four, black beside it: what a square of SIDE shows."""
    rows, columns = (side // 2 for side in array.shape)
    means = array.reshape(rows, 2, columns, 2).mean((1, 3))
    beside = (SIDE - rows) // 2, (SIDE - columns) // 2
    return np.pad(means, [(beside[0],) * 2, (beside[1],) * 2])


def test_pictures_and_lungs_are_squared_alike_and_the_undrawn_are_left_out(tmp_path):
    one, other, third = blots(512, 384), blots(300, 512), blots(512, 512)
    pictures = archive(tmp_path, [[one, None], [None, None], [other, third]])
    drawn = run(tmp_path, 3, recipe())
    assert sorted(drawn.listed["image_id"]) == ["i0", "i4", "i5"]
    masks = {"i0": one, "i4": other, "i5": third}
    for number, image in enumerate(drawn.listed["image_id"]):
        (pair,) = drawn.gather(np.array([number]))
        assert np.abs(pair[0] - halved(pictures[int(image[1:])])).max() <= 0.5
        assert np.array_equal(pair[1], halved(masks[image]) >= 0.5)


def test_a_dataset_without_drawn_lungs_gives_empty_files(tmp_path):
    archive(tmp_path, [[None, None]])
    drawn = run(tmp_path, 1, recipe())
    assert drawn.listed.empty
    assert (tmp_path / "lung_examples.u8").stat().st_size == 0
    assert len(drawn.part("train").gather(np.arange(0))) == 0


def test_a_patient_is_in_one_part_and_those_of_the_test_split_never_teach():
    parted = lung_examples.parted(table(400), recipe())
    assert parted.groupby("patient_id")["part"].nunique().max() == 1
    of_the_split = parted[parted["split"] == "test"]
    assert set(of_the_split["part"]) == {"test"}
    others = parted[parted["split"] != "test"]["part"].value_counts(normalize=True)
    assert others["test"] == pytest.approx(0.2, abs=0.06)
    assert others["validation"] == pytest.approx(0.2, abs=0.06)


def test_a_patient_with_one_image_in_the_test_split_is_all_test():
    known = table(8).assign(split="train")
    known.loc[3, "split"] = "test"
    parted = lung_examples.parted(known, recipe())
    assert (parted[parted["patient_id"] == "p1"]["part"] == "test").all()


def test_a_patient_whom_another_dataset_of_the_site_tests_never_teaches(tmp_path):
    archive(tmp_path, [[blots(30, 40)] * 2 * EACH + [None] * EACH])
    every = lung_examples.Recipe(examples=99, validation_share=0, test_share=0, seed=1)
    clinic = clinic_of(tmp_path / "clinic", ["p1", "p7"])
    drawn = run(tmp_path, 1, every, walls=[tmp_path, clinic])
    parts = drawn.listed.groupby("patient_id")["part"].unique().map(list).to_dict()
    assert parts == {"p0": ["test"], "p1": ["test"]}
    alone = run(tmp_path, 1, every)
    parts = alone.listed.groupby("patient_id")["part"].unique().map(list).to_dict()
    assert parts == {"p0": ["test"], "p1": ["train"]}


def test_a_test_image_without_drawn_lungs_makes_its_patient_test_too():
    owners = table(4).assign(split="train")
    owners.loc[3, "split"] = "test"
    nobody = pd.DataFrame({"patient_id": [pd.NA], "split": ["test"]}, dtype="string")
    walled = lung_examples.walled(owners, nobody)
    assert walled["split"].tolist() == ["train"] * 2 + ["test"] * 2 + ["train"] * 4


def test_at_most_so_many_are_taken_of_whole_patients_and_they_stay_when_others_come():
    few = lung_examples.some(table(50), recipe(examples=31))
    assert len(few) == 30
    assert (few.groupby("patient_id").size() == EACH).all()
    again = lung_examples.some(table(50).sample(frac=1, random_state=3), recipe(31))
    assert few["image_id"].tolist() == again["image_id"].tolist()
    more = lung_examples.some(table(60), recipe(examples=31))
    first = set(few["patient_id"]) & set(more["patient_id"])
    newcomers = {f"p{number}" for number in range(50, 60)}
    assert set(more["patient_id"]) - first <= newcomers


def test_parts_stay_when_other_patients_come():
    few = lung_examples.parted(table(50), recipe())
    many = lung_examples.parted(table(90), recipe())
    assert few["part"].tolist() == many["part"][: len(few)].tolist()


def test_pictures_that_do_not_belong_to_their_table_are_refused(tmp_path):
    (tmp_path / "examples.u8").write_bytes(b"short")
    row = {"image_id": ["a"], "patient_id": ["p"], "part": ["train"], "row": [0]}
    EXAMPLES.write(pd.DataFrame(row), tmp_path / "listed.parquet")
    with pytest.raises(InputError, match="not 1 pairs"):
        lung_drawn.read(
            [tmp_path / "examples.u8"], [tmp_path / "listed.parquet"], ["here"]
        )

"""Features, pixels, targets and scores speak of the same image, row by row."""

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from tests.finetune.problems import encoder_files
from workflow_scripts.core.tables.finetune import PREDICTIONS
from workflow_scripts.core.tables.prepare import TARGETS
from workflow_scripts.core.tables.prepare_pixels import STORE
from workflow_scripts.finetune import aligned, predict

SIZE = 4
# the number that stands for each image, in its pixels and in its feature
VALUE = {("own", "a"): 10, ("own", "b"): 20, ("far", "a"): 30, ("far", "c"): 40}


def targets():
    rows = [
        {
            "dataset": dataset,
            "image_id": image,
            "patient_id": f"{dataset}-{image}",
            "split": "test",
            "finding": finding,
            "target": float(value > limit),
        }
        for (dataset, image), value in VALUE.items()
        for finding, limit in (("big", 15), ("bigger", 35))
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=3).reset_index(drop=True)


@pytest.fixture
def stores(tmp_path):
    """Two stores whose shards are in another order than the images' names."""
    places = {}
    for name in ("own", "far"):
        images = [image for dataset, image in VALUE if dataset == name][::-1]
        pixels = [np.full((SIZE, SIZE), VALUE[name, image]) for image in images]
        folder = tmp_path / name / "store"
        folder.mkdir(parents=True)
        for shard, image in enumerate(pixels):  # one image each: all are row 0
            (folder / f"{shard}.u8").write_bytes(image.astype("u1").tobytes())
        table = pd.DataFrame({"image_id": images, "shard": range(len(images))})
        zeros = {column: 0 for column in STORE.columns if column.startswith("box")}
        table = table.assign(**zeros, row=0, mask_quality=np.nan, crop="whole")
        STORE.write(table, folder / "images.parquet")
        places[name] = (sorted(folder.glob("*.u8")), folder / "images.parquet")
    return places


def expected(images):
    pairs = zip(images["dataset"], images["image_id"], strict=True)
    return np.array([VALUE[pair] for pair in pairs])


def test_pixels_and_targets_are_those_of_the_image(stores):
    images = aligned.images_of(targets())
    pixels = aligned.pixels_of(images, stores, SIZE)
    np.testing.assert_array_equal(pixels[:, 0, 0], expected(images))
    matrix = aligned.matrix(targets(), images, ["bigger", "big"])
    np.testing.assert_array_equal(matrix[:, 0], expected(images) > 35)
    np.testing.assert_array_equal(matrix[:, 1], expected(images) > 15)


def test_the_order_does_not_depend_on_the_order_of_the_targets():
    again = aligned.images_of(targets().sample(frac=1, random_state=9))
    pd.testing.assert_frame_equal(aligned.images_of(targets()), again)


def test_every_score_stands_beside_its_own_target(stores, tmp_path):
    TARGETS.write(targets(), tmp_path / "targets.parquet")
    images = aligned.images_of(targets())
    features = expected(images)[:, None].astype(np.float32)
    np.save(tmp_path / "features.npy", features)
    encoder, card = encoder_files(tmp_path)
    # a probe that ranks by the number; the second finding the other way round
    weight = np.array([[0.1], [-0.1]])
    bias = np.array([-2.0, 3.0])
    weights = {"classifier.weight": weight, "classifier.bias": bias}
    weights = {f"draw-0/{key}": value for key, value in weights.items()}
    save_file(weights, tmp_path / "classifiers.safetensors")
    predict.main(
        encoder=encoder,
        card=card,
        features=tmp_path / "features.npy",
        test=tmp_path / "targets.parquet",
        stores=[*stores["own"][0], *stores["far"][0]],
        masks=[],
        rows=[stores["own"][1], stores["far"][1]],
        classifiers=[tmp_path / "classifiers.safetensors"],
        recipe=predict.Recipe(
            protocol="linear_probe",
            kind="multilabel",
            budgets=["1pct"],
            findings=["big", "bigger"],
            datasets=["own", "far"],
            size_px=SIZE,
        ),
        predictions=tmp_path / "predictions.parquet",
    )
    found = PREDICTIONS.read(tmp_path / "predictions.parquet")
    assert len(found) == len(targets())
    assert set(found["budget"]) == {"1%"}
    for row in found.to_dict("records"):
        value = VALUE[row["dataset"], row["image_id"]]
        logit = 0.1 * value - 2 if row["finding"] == "big" else -0.1 * value + 3
        assert row["score"] == pytest.approx(1 / (1 + np.exp(-logit)))
        assert row["target"] == (value > (15 if row["finding"] == "big" else 35))
        assert row["patient_id"] == f"{row['dataset']}-{row['image_id']}"

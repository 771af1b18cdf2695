"""The policy for uncertain labels is applied once, here."""

import numpy as np
import pandas as pd
import pytest

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.ingest import IMAGES, LABELS
from workflow_scripts.core.tables.prepare import SPLITS, TARGETS
from workflow_scripts.prepare import targets


def recipe(**changes):
    choices = {"datasets": ["own"], "findings": ["effusion"], "uncertain": "ignore"}
    return targets.Recipe(**(choices | changes))


def asked(values, **changes):
    names = [f"i{number}" for number in range(len(values))]
    images = pd.DataFrame({"image_id": names, "patient_id": names})
    labels = pd.DataFrame({"image_id": names, "finding": "effusion", "value": values})
    table = targets.asked_of(images, labels, recipe(**changes))
    return table.set_index("image_id")["target"].to_dict()


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("ignore", {"i0": 1.0, "i1": 0.0}),
        ("positive", {"i0": 1.0, "i1": 0.0, "i2": 1.0}),
        ("negative", {"i0": 1.0, "i1": 0.0, "i2": 0.0}),
    ],
)
def test_uncertain_becomes_what_the_task_says_and_unknown_stays_unknown(
    policy, expected
):
    assert asked([1, 0, -1, np.nan], uncertain=policy) == expected


def written(tmp_path, values, splits):
    names = [f"i{number}" for number in range(len(values))]
    images = IMAGES.empty().reindex(range(len(names)))
    filled = {
        name: "x" if column.dtype == "string" else 1
        for name, column in IMAGES.columns.items()
        if column.required
    }
    images = images.assign(**filled).assign(image_id=names)
    IMAGES.write(images, tmp_path / "images")
    labels = pd.DataFrame({"image_id": names, "finding": "effusion", "value": values})
    LABELS.write(labels.assign(source="table"), tmp_path / "labels")
    parts = pd.DataFrame({"image_id": names, "split": splits})
    SPLITS.write(parts, tmp_path / "splits")
    for part in ("development", "test"):
        targets.main(
            images=[tmp_path / "images"],
            labels=[tmp_path / "labels"],
            splits=[tmp_path / "splits"],
            part=part,
            recipe=recipe(),
            targets=tmp_path / part,
        )


def test_test_images_are_in_a_file_of_their_own(tmp_path):
    written(
        tmp_path,
        [1, 0] * 3,
        ["train", "train", "validation", "validation"] + ["test"] * 2,
    )
    development = TARGETS.read(tmp_path / "development")
    test = TARGETS.read(tmp_path / "test")
    assert set(development["split"]) == {"train", "validation"}
    assert set(test["image_id"]) == {"i4", "i5"}


def test_a_part_without_both_classes_is_refused_by_name(tmp_path):
    with pytest.raises(InputError, match=r"'effusion'.*0 of 2 known.*test split"):
        written(
            tmp_path,
            [1, 0, 1, 0, 0, 0],
            ["train", "train", "validation", "validation"] + ["test"] * 2,
        )

"""Labels become targets once, here: policies, classes, levels, and what is drawn."""

import numpy as np
import pandas as pd
import pytest

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.ingest import IMAGES, LABELS
from workflow_scripts.core.tables.prepare import SPLITS, TARGETS
from workflow_scripts.core.tables.prepare_pixels import DRAWN
from workflow_scripts.prepare import targets

SIX = ["train", "train", "validation", "validation", "test", "test"]
LEVELS = ["none", "mild", "severe"]


def recipe(**changes):
    choices = {
        "datasets": ["own"],
        "kind": "multilabel",
        "findings": ["effusion"],
        "uncertain": "ignore",
    } | changes
    findings = choices["findings"]
    answered = findings[1:] if choices["kind"] == "ordinal" else findings
    return targets.Recipe(answered=answered, **choices)


def asked(values, splits=None, **changes):
    """Return {image: target or targets} of labels given as rows, one for each image."""
    made = recipe(**changes)
    rows = np.reshape(np.array(values, float), (len(values), len(made.findings)))
    names = [f"i{number}" for number in range(len(rows))]
    splits = splits or ["train"] * len(names)
    images = pd.DataFrame({"image_id": names, "patient_id": names, "split": splits})
    labels = pd.DataFrame(rows, index=names, columns=made.findings).melt(
        ignore_index=False, var_name="finding", value_name="value"
    )
    labels = labels.rename_axis("image_id").reset_index()
    table = targets.asked_of(images, labels, made)
    wide = table.pivot_table(
        index="image_id", columns="finding", values="target", dropna=False
    )[made.answered]
    return {
        name: row[0] if len(row) == 1 else tuple(row)
        for name, row in zip(wide.index, wide.to_numpy().tolist(), strict=True)
    }


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("ignore", {"i0": 1.0, "i1": 0.0}),
        ("positive", {"i0": 1.0, "i1": 0.0, "i2": 1.0}),
        ("negative", {"i0": 1.0, "i1": 0.0, "i2": 0.0}),
        ("soft", {"i0": 1.0, "i1": 0.0, "i2": 0.5}),
    ],
)
def test_uncertain_becomes_what_the_task_says_and_unknown_stays_unknown(
    policy, expected
):
    assert asked([1, 0, -1, np.nan], uncertain=policy) == expected


def test_a_soft_target_teaches_but_neither_chooses_nor_tests():
    values = [[-1, 1]] * 3 + [[-1, np.nan]] * 3
    splits = ["train", "validation", "test"] * 2
    found = asked(values, splits, uncertain="soft", findings=["effusion", "nodule"])
    assert str(found) == str(
        {
            "i0": (0.5, 1.0),
            "i1": (np.nan, 1.0),
            "i2": (np.nan, 1.0),
            "i3": (0.5, np.nan),  # of the others nothing is left that is known
        }
    )


CLASSES = [
    [1, 0, 0],
    [np.nan, 1, np.nan],  # the one says what the others are
    [0, 0, 0],
    [0, 1, 1],
    [-1, 1, 0],
    [0, 0, -1],
    [np.nan, np.nan, np.nan],
]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("ignore", {"i0": (1, 0, 0), "i1": (0, 1, 0), "i4": (0, 1, 0)}),
        ("positive", {"i0": (1, 0, 0), "i1": (0, 1, 0), "i5": (0, 0, 1)}),
        ("negative", {"i0": (1, 0, 0), "i1": (0, 1, 0), "i4": (0, 1, 0)}),
    ],
)
def test_of_several_classes_just_one_is_there_or_nothing_is_known(policy, expected):
    found = asked(CLASSES, kind="multiclass", findings=LEVELS, uncertain=policy)
    assert found == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("ignore", {"i0": (0, 0), "i1": (1, 0), "i4": (1, 0)}),
        ("positive", {"i0": (0, 0), "i1": (1, 0), "i5": (1, 1)}),
        ("negative", {"i0": (0, 0), "i1": (1, 0), "i4": (1, 0)}),
    ],
)
def test_a_level_reaches_itself_and_all_below(policy, expected):
    found = asked(CLASSES, kind="ordinal", findings=LEVELS, uncertain=policy)
    assert found == expected


def test_images_without_a_class_or_with_several_are_counted(caplog):
    asked(CLASSES, kind="multiclass", findings=LEVELS)
    assert "4 of 7 images are left out: 3 show none" in caplog.text
    assert "1 several" in caplog.text


def write_images(tmp_path, n, splits):
    names = [f"i{number}" for number in range(n)]
    images = IMAGES.empty().reindex(range(n))
    filled = {
        name: "x" if column.dtype == "string" else 1
        for name, column in IMAGES.columns.items()
        if column.required
    }
    files = [f"f{number}" for number in range(n)]
    images = images.assign(**filled).assign(image_id=names, file_id=files)
    IMAGES.write(images, tmp_path / "images")
    parts = pd.DataFrame({"image_id": names, "split": splits})
    SPLITS.write(parts, tmp_path / "splits")
    return names


def run(tmp_path, drawn=(), **changes):
    for part in ("development", "test"):
        targets.main(
            images=[tmp_path / "images"],
            labels=[tmp_path / "labels"],
            drawn=list(drawn),
            splits=[tmp_path / "splits"],
            part=part,
            recipe=recipe(**changes),
            targets=tmp_path / part,
        )


def written(tmp_path, values, splits, **changes):
    names = write_images(tmp_path, len(values), splits)
    findings = changes.get("findings", ["effusion"])
    values = np.reshape(np.array(values, float), (len(names), len(findings)))
    labels = [
        pd.DataFrame({"image_id": names, "finding": finding, "value": column})
        for finding, column in zip(findings, values.T, strict=True)
    ]
    LABELS.write(pd.concat(labels).assign(source="table"), tmp_path / "labels")
    run(tmp_path, **changes)


def test_test_images_are_in_a_file_of_their_own(tmp_path):
    written(tmp_path, [1, 0] * 3, SIX)
    development = TARGETS.read(tmp_path / "development")
    test = TARGETS.read(tmp_path / "test")
    assert set(development["split"]) == {"train", "validation"}
    assert set(test["image_id"]) == {"i4", "i5"}


def test_a_part_without_both_classes_is_refused_by_name(tmp_path):
    with pytest.raises(InputError, match=r"'effusion'.*0 of 2 known.*test split"):
        written(tmp_path, [1, 0, 1, 0, 0, 0], SIX)


def test_uncertain_images_are_no_class_of_their_own(tmp_path):
    with pytest.raises(InputError, match=r"1 of 1 known are present in the train"):
        written(tmp_path, [1, -1, 1, 0, 1, 0], SIX, uncertain="soft")


def test_a_level_that_nobody_reaches_is_refused_by_name(tmp_path):
    rows = np.eye(3)[[0, 1, 2, 0, 0, 1]]
    with pytest.raises(InputError, match=r"'at least severe'.*0 of 2.*train split"):
        written(tmp_path, rows, SIX, kind="ordinal", findings=LEVELS)


def drawn_tables(tmp_path, drawn):
    """Write two shards' tables of what is drawn; return their paths."""
    paths = []
    for shard, some in enumerate(np.array_split(np.arange(len(drawn)), 2)):
        paths.append(tmp_path / "own" / "store" / f"{shard}.drawn.parquet")
        paths[-1].parent.mkdir(parents=True, exist_ok=True)
        files = [f"f{number}" for number in some]
        table = pd.DataFrame({"file_id": files, "row": range(len(some))})
        DRAWN.write(table.assign(drawn=np.array(drawn)[some]), paths[-1])
    return paths


def test_of_a_segmentation_those_images_are_asked_in_which_something_is_drawn(tmp_path):
    write_images(tmp_path, 7, [*SIX, "test"])
    LABELS.write(LABELS.empty(), tmp_path / "labels")
    drawn = drawn_tables(tmp_path, [True, False, True, False, False, True, True])
    run(tmp_path, drawn, kind="segmentation", findings=["lungs"])
    found = pd.concat([TARGETS.read(tmp_path / p) for p in ("development", "test")])
    assert found["image_id"].tolist() == ["i0", "i2", "i5", "i6"]
    assert (found["target"] == 1).all()
    assert (found["finding"] == "lungs").all()


def test_a_split_in_which_nothing_is_drawn_is_refused_by_name(tmp_path):
    write_images(tmp_path, 6, SIX)
    LABELS.write(LABELS.empty(), tmp_path / "labels")
    drawn = drawn_tables(tmp_path, [True, True, False, False, True, True])
    with pytest.raises(InputError, match=r"'lungs'.*no image of the validation split"):
        run(tmp_path, drawn, kind="segmentation", findings=["lungs"])

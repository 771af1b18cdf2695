"""An encoder is told of its pool's images only, by the tasks' policy."""

import logging

import numpy as np
import pandas as pd
import pytest

from workflow_scripts.core.errors import InputError
from workflow_scripts.core.tables.ingest import LABELS
from workflow_scripts.core.tables.prepare import POOL, POOL_TARGETS
from workflow_scripts.prepare import pool_targets, targets

POOLED = {"archive": 6, "clinic": 4}  # images; each patient has two of them
FINDINGS = ["effusion", "nodule"]


def labels(values, finding="effusion"):
    """Labels of i0, i1, ..."""
    names = [f"i{number}" for number in range(len(values))]
    table = {"image_id": names, "finding": finding, "value": values, "source": "table"}
    return pd.DataFrame(table)


NONE = labels([])
ARCHIVE = pd.concat(
    [labels([1, 0, -1, np.nan, 1, 0, 1, 1]), labels([0, -1, 1, 0], "nodule")]
)


def told(tmp_path, uncertain="ignore", findings=FINDINGS, **given):
    names = [
        (dataset, f"i{number}") for dataset, n in POOLED.items() for number in range(n)
    ]
    pool = pd.DataFrame(names, columns=["dataset", "image_id"]).assign(
        shard=0, row=0, study_id=None, view_position=None
    )
    pool["patient_id"] = [f"{d}-p{int(i[1:]) // 2}" for d, i in names]
    POOL.write(pool, tmp_path / "pool")
    for dataset in POOLED:
        LABELS.write(given.get(dataset, NONE), tmp_path / dataset)
    pool_targets.main(
        pool=tmp_path / "pool",
        labels=[tmp_path / dataset for dataset in POOLED],
        recipe=pool_targets.Recipe(
            datasets=list(POOLED), findings=findings, uncertain=uncertain
        ),
        targets=tmp_path / "targets",
    )
    return POOL_TARGETS.read(tmp_path / "targets")


@pytest.mark.parametrize("uncertain", ["ignore", "positive", "negative"])
def test_targets_are_those_that_a_task_would_give_the_same_images(tmp_path, uncertain):
    table = told(tmp_path, uncertain, archive=ARCHIVE)
    images = pd.DataFrame({"image_id": ARCHIVE["image_id"].unique()})
    recipe = targets.Recipe(
        datasets=["archive"],
        kind="multilabel",
        findings=FINDINGS,
        answered=FINDINGS,
        uncertain=uncertain,
    )
    images = images.assign(patient_id="p", split="train")
    asked = targets.asked_of(images, ARCHIVE, recipe)
    asked = asked.dropna(subset="target")
    asked = asked[asked["image_id"].isin({f"i{n}" for n in range(6)})]  # i6, i7: not
    key = ["image_id", "finding"]
    expected = asked.set_index(key)["target"].to_dict()
    assert table.set_index(key)["target"].to_dict() == expected
    assert set(table["dataset"]) == {"archive"}


def test_labels_of_images_outside_the_pool_are_not_among_them(tmp_path):
    table = told(tmp_path, archive=ARCHIVE, findings=["effusion"])
    assert set(table["image_id"]) == {"i0", "i1", "i4", "i5"}  # not i6 and i7


def test_a_dataset_may_lack_all_findings_or_some(tmp_path):
    clinic = labels([1, 0, 0, 1], "nodule")
    table = told(tmp_path, archive=ARCHIVE, clinic=clinic)
    found = table.groupby(["dataset", "finding"]).size().to_dict()
    assert found == {
        ("archive", "effusion"): 4,
        ("archive", "nodule"): 3,
        ("clinic", "nodule"): 4,
    }


def test_other_findings_are_not_told(tmp_path):
    table = told(tmp_path, archive=ARCHIVE, findings=["nodule"])
    assert set(table["finding"]) == {"nodule"}


def test_a_finding_that_is_never_present_or_never_absent_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"'nodule': 0 of 0 known .* archive, clinic"):
        told(tmp_path, archive=labels([1, 0]))
    one_sided = pd.concat([labels([1, 0]), labels([0, 0, -1], "nodule")])
    with pytest.raises(InputError, match=r"'nodule': 0 of 2 known are present"):
        told(tmp_path, archive=one_sided)
    outside = pd.concat([labels([1, 0]), labels([0] * 6 + [1], "nodule")])
    with pytest.raises(InputError, match=r"'nodule': 0 of 6 known are present"):
        told(tmp_path, archive=outside)
    told(tmp_path, "positive", archive=one_sided)


def test_what_was_seen_is_counted(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    table = told(tmp_path, archive=ARCHIVE)
    assert len(table) == 7
    assert table["patient_id"].nunique() == 3
    assert "labels seen: 7, of 6 of 10 images and 3 patients" in caplog.text
    assert "effusion: 2 of 4 known are present" in caplog.text

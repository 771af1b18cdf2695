"""A task that asks for pictures: which protocols answer, and what is refused."""

import copy
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from workflow_scripts.core.errors import InputError
from workflow_scripts.plan import misfits, names, settings
from workflow_scripts.plan.files import Files
from workflow_scripts.plan.recipes import evaluate

ROOT = Path(__file__).parents[2]
LUNGS = yaml.safe_load((ROOT / "docs" / "lungs.yaml").read_text())


def filled(**changes):
    """Return the example of a segmentation, with other keys at its top."""
    config = copy.deepcopy(LUNGS)
    config |= copy.deepcopy(changes)
    settings.fill(config)
    misfits.refuse(config)
    return config


def with_findings(**changes):
    """Return the changes that add a task of yes or no on the same images."""
    labels = {"table": "../labels.csv", "image": "image"}
    labels["findings"] = {"effusion": "effusion"}
    datasets = LUNGS["datasets"] | {"clinic": LUNGS["datasets"]["clinic"] | changes}
    datasets["clinic"]["labels"] = labels
    tasks = LUNGS["tasks"] | {"chest": {"data": "clinic", "findings": ["effusion"]}}
    protocols = ["linear_probe", "fine_tune"]
    sweep = LUNGS["sweep"] | {"protocols": protocols}
    return {"datasets": datasets, "tasks": tasks, "sweep": sweep}


def test_it_needs_no_labels_and_its_finding_is_a_free_name():
    config = filled()
    assert config["datasets"]["clinic"]["labels"] is None
    assert config["tasks"]["lungs"]["findings"] == ["lungs"]


def test_only_protocols_that_draw_are_asked_and_other_tasks_get_all():
    config = filled(**with_findings())
    assert {p for _, p in names.arms(config, "lungs")} == {"fine_tune"}
    assert {p for _, p in names.arms(config, "chest")} == {"linear_probe", "fine_tune"}
    selections = Files(config).arms("{task}/{encoder}/{protocol}/{budget}")
    listed = selections(SimpleNamespace(task="lungs"))
    encoders, budgets = config["sweep"]["encoders"], names.budgets(config)
    assert listed == [f"lungs/{e}/fine_tune/{b}" for e in encoders for b in budgets]
    predictions = Files(config).arms("{task}/{encoder}/{protocol}")
    assert len(predictions(SimpleNamespace(task="chest"))) == 2 * len(encoders)


def test_it_is_measured_by_dice_and_no_trivial_model_is_tried():
    config = filled(**with_findings())
    wanted = {"lungs": ["dice"], "chest": ["auroc", "average_precision"]}
    for task, statistics in wanted.items():
        told = evaluate.metrics(config, {"task": task}).choices
        assert told["statistics"] == statistics
        leading = evaluate.efficiency(config, {"task": task}).choices["metric"]
        assert leading == statistics[0]
    assert evaluate.audit(config, {"task": "lungs"}).choices["shortcuts"] == []
    assert evaluate.audit(config, {"task": "chest"}).choices["shortcuts"]


def test_masks_are_asked_for_where_they_are_drawn_and_nowhere_else():
    config = filled(**with_findings())
    known = Files(config)
    known._each = lambda pattern, datasets: [(pattern, name) for name in datasets]
    masks = known.masks_of("test")
    (found,) = masks(SimpleNamespace(task="lungs"))
    assert found == ("results/prepare/{dataset}/store/{shard}.drawn", "clinic")
    assert masks(SimpleNamespace(task="chest")) == []


TWICE = {"lungs": LUNGS["tasks"]["lungs"] | {"findings": ["right", "left"]}}
WATCHED = LUNGS["encoders"] | {"moco": LUNGS["encoders"]["moco"] | {"watch": "lungs"}}
STAGES = {"task": "lungs", "stages": ["moco", "gmml"]}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"tasks": TWICE}, "tasks.lungs.findings: a segmentation has one"),
        ({"encoders": WATCHED}, "encoders.moco.watch: tasks.lungs is a segmentation"),
        ({"curriculum": STAGES}, "curriculum.task: tasks.lungs is a segmentation"),
        (
            {"sweep": LUNGS["sweep"] | {"protocols": ["linear_probe", "knn"]}},
            "tasks.lungs: no protocol of sweep.protocols can answer with pictures; "
            "add one of fine_tune",
        ),
        (
            {"prepare": LUNGS["prepare"] | {"crop": "masked"}},
            "prepare.crop: masked follows lungs, and so shows what tasks.lungs is to",
        ),
        (
            {"prepare": {"crop": "lungs", "lungs": {"finder": "drawn"}}},
            "prepare.crop: lungs follows lungs",
        ),
        (
            with_findings(lung_masks=None),
            "tasks.lungs: datasets.clinic has no lung_masks",
        ),
    ],
)
def test_what_does_not_go_with_pictures_is_refused_in_one_line(changes, told):
    with pytest.raises(InputError, match=re.escape(f"config: {told}")) as refused:
        filled(**changes)
    assert len(str(refused.value).splitlines()) == 1

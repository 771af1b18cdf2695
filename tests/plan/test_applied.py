"""What is not handed over is refused in one line, when the config is read."""

import copy
from pathlib import Path

import pytest
import yaml
from snakemake.exceptions import WorkflowError

from workflow_scripts.core.errors import InputError
from workflow_scripts.plan import applied, settings
from workflow_scripts.plan.families import members
from workflow_scripts.plan.recipes import finetune

ROOT = Path(__file__).parents[2]
EMBEDDED = yaml.safe_load((ROOT / "config.yaml").read_text())
KNN = "'knn' holds features of the training patients' images, so it is not handed over"
MASKS = "'chest' asks for masks, which are not handed over yet"


def study(protocols, kind="multilabel"):
    config = copy.deepcopy(EMBEDDED)
    config["sweep"]["protocols"] = protocols
    config["tasks"]["chest"]["kind"] = kind
    settings.fill(config)
    return config


def asked(folder, **more):
    blank = {"task": None, "protocol": None, "budget": None, "name": "new"}
    return {**blank, "input": str(folder), "encoder": "moco", **more}


@pytest.mark.parametrize(
    ("config", "protocol", "said"),
    [
        (study(["linear_probe", "knn"]), "knn", f"predict.protocol: {KNN}"),
        (study(["knn", "linear_probe"]), None, f"predict.protocol: {KNN}"),
        (study(["fine_tune"], "segmentation"), None, f"predict.task: {MASKS}"),
    ],
)
def test_a_folder_is_not_scored_with_it(config, protocol, said, tmp_path):
    with pytest.raises(InputError) as told:
        applied.joined(config, asked(tmp_path, protocol=protocol))
    assert said in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("protocol", "kind", "said"),
    [("knn", "multilabel", KNN), ("fine_tune", "segmentation", MASKS)],
)
def test_its_export_has_no_recipe(protocol, kind, said):
    wildcards = {"task": "chest", "encoder": "moco", "budget": "100pct"}
    with pytest.raises(WorkflowError, match=said):
        finetune.export(study([protocol], kind), {**wildcards, "protocol": protocol})


@pytest.mark.parametrize("kind", ["multilabel", "multiclass", "ordinal"])
def test_all_others_have_one(kind):
    config = study(["attentive_probe"], kind)
    wildcards = {"task": "chest", "encoder": "moco", "budget": "100pct"}
    for protocol in members("protocol"):
        if protocol != "knn":
            made = finetune.export(config, {**wildcards, "protocol": protocol})
            assert made.choices["kind"] == kind
            assert {name.rpartition(".")[2] for name in made.loaded} == {protocol, kind}

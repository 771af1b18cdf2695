"""Defaults live in the schema only, and every mistake is one line."""

import copy
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from snakemake.exceptions import WorkflowError

from workflow_scripts.core.errors import InputError
from workflow_scripts.plan import (
    families,
    lungs,
    misfits,
    names,
    recipes,
    reference,
    settings,
)
from workflow_scripts.plan.files import Files

ROOT = Path(__file__).parents[2]
EMBEDDED = yaml.safe_load((ROOT / "config.yaml").read_text())


def filled(change=lambda _config: None):
    config = copy.deepcopy(EMBEDDED)
    change(config)
    settings.fill(config)
    misfits.refuse(config)
    return config


def test_the_embedded_config_is_sound():
    config = filled()
    assert config["prepare"]["validation_share"] == 0.15
    assert config["encoders"]["moco"]["weight_decay"] == 0.0001
    assert "epochs" not in config["encoders"]["random"]


def test_defaults_of_two_parts_are_not_one_object():
    config = filled()
    first, second = (config["encoders"][name] for name in ("gmml", "gmml_moco"))
    assert first["options"] is not second["options"]


@pytest.mark.parametrize("name", [p.name for p in (ROOT / "docs").glob("*.yaml")])
def test_every_example_config_has_the_right_form(name):
    config = yaml.safe_load((ROOT / "docs" / name).read_text())
    settings.fill(config)


def test_the_page_on_configuration_is_made_from_the_schema():
    assert (ROOT / "docs" / "configuration.md").read_text() == reference.page()


def test_all_mistakes_are_told_at_once_one_line_each():
    def change(config):
        config["seeds"] = 1
        config["prepare"]["size_px"] = "big"

    with pytest.raises(InputError) as told:
        filled(change)
    lines = str(told.value).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("config: prepare.size_px: 'big' is not of type integer")
    assert lines[1].startswith("config: top level: unknown key 'seeds'; allowed: ")


def undrawn(config):
    for dataset in config["datasets"].values():
        dataset["lung_masks"] = None


def test_lungs_are_found_by_a_network_where_somebody_drew_some_and_else_by_threshold():
    assert lungs.finder(filled()) == "network"
    assert lungs.weights(filled()) == [lungs.NETWORK]
    assert lungs.finder(filled(undrawn)) == "threshold"
    assert lungs.weights(filled(undrawn)) == []


def test_a_finder_that_needs_drawn_lungs_is_refused_without_any():
    def change(config):
        undrawn(config)
        config["prepare"]["lungs"] = {"finder": "network"}

    with pytest.raises(InputError, match=r"prepare\.lungs\.finder: 'network' needs"):
        filled(change)


def taught(**options):
    def change(config):
        config["prepare"]["lungs"] = options

    return filled(change)


def test_an_external_hospital_teaches_no_lungs_but_is_checked():
    config = filled()
    assert lungs.drawn(config) == ["archive", "clinic", "elsewhere"]
    assert lungs.taught_by(config) == ["archive", "clinic"]
    choices = recipes.load("prepare").lung_check(config, {}).choices
    assert choices["datasets"] == ["archive", "clinic", "elsewhere"]
    assert choices["taught_by"] == ["archive", "clinic"]


def test_nobody_taught_a_finder_that_was_brought_or_does_not_learn(tmp_path):
    (tmp_path / "w.safetensors").touch()
    brought = taught(weights=str(tmp_path / "w.safetensors"))
    assert lungs.taught_here(brought) == []
    assert lungs.taught_here(taught(finder="threshold")) == []
    assert lungs.taught_here(taught(data=["archive"])) == ["archive"]


def test_an_external_hospital_is_refused_as_a_teacher_of_lungs():
    with pytest.raises(InputError, match=r"lungs\.data: 'elsewhere' is an external"):
        taught(data=["archive", "elsewhere"])


def test_shares_of_drawn_lungs_that_leave_none_to_teach_are_refused():
    with pytest.raises(InputError, match=r"prepare\.lungs: .* leave none to teach"):
        taught(validation_share=0.5, test_share=0.5)
    taught(validation_share=0.5, test_share=0.4)


def test_budgets_have_names_that_files_can_have():
    assert names.budgets(filled()) == ["100", "200", "100pct"]


def test_the_neighbours_of_an_archive_are_the_tested_sets_of_its_hospital():
    assert names.neighbours(filled(), ["archive"]) == ["clinic"]
    assert names.neighbours(filled(), ["elsewhere"]) == ["elsewhere"]


def test_the_recipe_of_one_encoder_does_not_know_of_the_others():
    config = filled()
    wildcards = {"encoder": "moco"}
    before = recipes.load("pretrain").fit(config, wildcards)
    config["encoders"]["gmml"]["epochs"] = 99
    assert recipes.load("pretrain").fit(config, wildcards) == before


def test_the_page_is_not_told_where_files_lie():
    config = filled()
    config["datasets"]["clinic"]["root"] = "/secret/mueller"
    shown = recipes.load("report").page(config, {}).choices["config"]
    assert "mueller" not in str(shown)
    assert config["datasets"]["clinic"]["root"] == "/secret/mueller"


def test_a_first_line_that_may_be_data_is_not_repeated(tmp_path):
    (tmp_path / "labels.csv").write_text("imA,Anna Smith,1\nimB,Bert Jones,0\n")

    def change(config):
        labels = {"table": "labels.csv", "image": "image", "patient": "pid"}
        labels |= {"findings": {"effusion": "Effusion"}}
        config["datasets"]["clinic"] |= {"root": str(tmp_path), "labels": labels}

    with pytest.raises(InputError, match="is its first line a header") as told:
        filled(change)
    assert "Smith" not in str(told.value)


def arm(**keys):
    """Return the embedded config with an encoder `new`, from random on both cohorts."""

    def change(config):
        told = {"from": "random", "method": "moco", "data": ["archive", "clinic"]}
        config["encoders"]["new"] = told | keys

    return filled(change)


TAUGHT = {"method": "supervised", "findings": ["effusion", "cardiomegaly"]}


def test_an_encoder_learns_from_all_patients_and_no_findings_unless_told_otherwise():
    new = arm()["encoders"]["new"]
    assert (new["patients"], new["sampling"], new["findings"]) == ("100%", {}, [])
    assert arm(patients="0.5%")["encoders"]["new"]["patients"] == "0.5%"
    assert arm(patients=500)["encoders"]["new"]["patients"] == 500


@pytest.mark.parametrize("patients", ["0%", "0.0%", 0, "101%", "many", 0.5])
def test_patients_that_are_no_share_and_no_count_are_refused(patients):
    with pytest.raises(InputError, match=r"encoders\.new\.patients: "):
        arm(patients=patients)


def test_the_pool_is_drawn_by_the_seed_of_the_config():
    config = arm(patients="10%")
    choices = recipes.load("prepare").pool(config, {"encoder": "new"}).choices
    assert (choices["patients"], choices["seed"]) == ("10%", config["seed"])


@pytest.mark.parametrize(
    ("sampling", "complaint"),
    [
        ({"archive": 1, "clinc": 2, "clinic": 1}, "'clinc' is unknown"),
        ({"archive": 0, "clinic": 0}, "all are 0"),
        ({"archive": 1}, "clinic is missing"),
        ({"archive": -1, "clinic": 1}, "less than the minimum"),
    ],
)
def test_sampling_that_meets_nobody_or_forgets_a_dataset_is_refused(
    sampling, complaint
):
    with pytest.raises(InputError, match=rf"encoders\.new\.sampling.*{complaint}"):
        arm(sampling=sampling)
    arm(sampling={"archive": 1, "clinic": 0})


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ({"method": "supervised"}, "findings: supervised learns labels; name some"),
        ({"findings": ["effusion"]}, "findings: moco learns none; name no findings"),
        (TAUGHT | {"findings": ["flu"]}, "findings: 'flu' is unknown; there are: card"),
        (TAUGHT | {"data": ["archive"]}, "findings: archive: no labels"),
        (TAUGHT | {"transductive": True}, "transductive: labels of held-out images"),
        (TAUGHT | {"uncertain": "maybe"}, "uncertain: 'maybe' is not one of ignore"),
    ],
)
def test_findings_go_with_methods_that_learn_them_and_data_that_tell_them(
    keys, complaint
):
    with pytest.raises(InputError, match=rf"encoders\.new\.{complaint}"):
        arm(**keys)


def test_an_encoder_that_learns_findings_takes_a_table_of_them_and_no_other_does():
    config = arm(**TAUGHT, uncertain="positive")
    files = Files(config)
    assert files.taught() == ["new"]
    tables = [
        files.pool_targets(SimpleNamespace(encoder=name)) for name in ("new", "moco")
    ]
    assert tables == [["results/prepare/pools/new.targets.parquet"], []]
    found = recipes.load("prepare").pool_targets(config, {"encoder": "new"})
    assert found.choices == {
        "datasets": ["archive", "clinic"],
        "findings": TAUGHT["findings"],
        "uncertain": "positive",
    }


def test_images_of_unknown_patients_cannot_be_paired_by_patient():
    def change(config, known="unknown"):
        for name, patients in (("archive", "unknown"), ("clinic", known)):
            config["datasets"][name]["patients"] = patients
        told = {"from": "random", "method": "patient_pairs"}
        config["encoders"]["new"] = told | {"data": ["archive", "clinic"]}

    with pytest.raises(InputError, match=r"new\.data: patient_pairs pairs images by"):
        filled(change)
    filled(lambda config: change(config, known="known"))


def test_more_shards_than_a_command_line_can_name_are_refused_with_the_remedy():
    def change(config):
        config["simulate"]["archive"]["patients"] = 100_000
        config["ingest"] = {"shard_files": 10}

    listed = Files(filled(change)).each_shard("results/{dataset}/store/{shard}.u8")
    with pytest.raises(
        WorkflowError, match=r"ingest\.shard_files: 10000 shards .* 100 "
    ):
        listed(SimpleNamespace(dataset="archive"))


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"watch": "nothing"}, r"moco\.watch: 'nothing' is unknown; there are: chest"),
        ({"processes": 2, "images_at_once": "auto"}, "auto is for one process"),
        ({"processes": 3}, "64 images cannot be shared equally by 3 processes"),
        ({"images_at_once": 48}, "48 do not divide the 64 images"),
        ({"optimiser": "lars", "weight_decay": 0}, "LARS adapts only to weights"),
        ({"method": "mae", "options": {}}, "test_resnet is none of timm's"),
        (
            {"method": "dino", "options": {"local_views": 4}},
            "radiograph makes no local views",
        ),
    ],
)
def test_what_the_training_loop_could_not_do_is_refused(choices, told):
    with pytest.raises(InputError, match=told):
        filled(lambda config: config["encoders"]["moco"].update(choices))


def test_an_encoder_is_watched_by_the_images_a_task_may_learn_from():
    def change(config):
        config["encoders"]["moco"]["watch"] = "chest"

    watched = Files(filled(change)).watched("{task}/targets/development.parquet")
    assert watched(SimpleNamespace(encoder="moco")) == [
        "chest/targets/development.parquet"
    ]
    assert watched(SimpleNamespace(encoder="gmml")) == []


def test_options_of_a_method_that_builds_on_another_are_those_of_both():
    assert {"queue_size", "study"} <= set(
        families.options_of("method", "patient_pairs")
    )

"""Defaults live in the schema only, and every mistake is one line."""

import copy
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from snakemake.exceptions import WorkflowError

from workflow_scripts.core.errors import InputError
from workflow_scripts.plan import lungs, misfits, names, recipes, reference, settings
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
    assert names.budgets(filled()) == ["100", "250", "100pct"]


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


def test_more_shards_than_a_command_line_can_name_are_refused_with_the_remedy():
    def change(config):
        config["simulate"]["archive"]["patients"] = 100_000
        config["ingest"] = {"shard_files": 10}

    listed = Files(filled(change)).each_shard("results/{dataset}/store/{shard}.u8")
    with pytest.raises(
        WorkflowError, match=r"ingest\.shard_files: 10000 shards .* 100 "
    ):
        listed(SimpleNamespace(dataset="archive"))

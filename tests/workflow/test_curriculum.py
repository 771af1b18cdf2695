"""Pretext tasks are put in order in one run, and their chains trained in a second."""

import re
import subprocess
import sys

import pytest
import yaml

from tests.workflow.conftest import Flow
from workflow_scripts.core.tables.finetune import RANKING

pytestmark = pytest.mark.slow

FRAGMENT = "results/curriculum/encoders.yaml"


class Second(Flow):
    """The same folder, with the chains given after the config."""

    def call(self, *arguments, cores=2):
        command = [sys.executable, "-m", "snakemake", "--cores", str(cores), *arguments]
        return subprocess.run(
            [*command, "--configfile", str(self.config), FRAGMENT],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )


def test_the_second_run_trains_the_chains_and_no_single_arm_again(again):
    asked = "curriculum: {stages: [moco, gmml], task: chest}\nreport:"
    again.edit("tiny.yaml", "report:", asked)
    done = again.run(FRAGMENT)
    assert re.findall(r"^(?:local)?rule (\w+):", done, re.M) == [
        "finetune_features",
        "finetune_rank",
        "finetune_curriculum",
    ]
    assert "features.test.npy" not in done

    results = again.folder / "results"
    ranking = RANKING.read(results / "finetune/chest/ranking.parquet")
    assert set(ranking["encoder"]) == {"random", "moco", "gmml", "gmml_moco"}
    made = yaml.safe_load((again.folder / FRAGMENT).read_text())
    chains = {"easy_to_hard_2", "hard_to_easy_2"}
    assert set(made["encoders"]) == chains
    assert set(made["sweep"]["encoders"]) == {"random", "moco", "gmml"} | chains

    second = Second(again.folder).planned()
    trained = [wild["encoder"] for rule, wild in second if rule == "pretrain_fit"]
    assert sorted(trained) == sorted(chains)
    others = {"pretrain_begin", "finetune_rank", "finetune_curriculum"}
    assert not others & {rule for rule, _ in second}  # not part of `all`


def test_without_a_curriculum_one_line_says_what_is_missing(fresh):
    done = fresh.call("--dry-run", FRAGMENT)
    assert done.returncode != 0
    told = f"config: curriculum: missing; {FRAGMENT} needs its stages and task"
    assert told in done.stdout + done.stderr

"""Which jobs a change makes stale: a dry run for each, on a copy of a finished run."""

import os

import pytest

pytestmark = pytest.mark.slow

METHODS = "workflow_scripts/pretrain/methods"
FOLLOWERS = {
    "finetune_features",
    "finetune_fit",
    "finetune_probe",
    "finetune_predict",
}
SUMMARY = {
    "evaluate_metrics",
    "evaluate_comparisons",
    "evaluate_efficiency",
    "report_page",
    "all",
}


def rules(jobs):
    return {rule for rule, _ in jobs}


def encoders(jobs):
    return {wild["encoder"] for _, wild in jobs if "encoder" in wild}


def test_a_comment_in_a_method_runs_nothing_again(again):
    again.edit(f"{METHODS}/moco.py", '"""MoCo v2:', '# why\n"""Words about MoCo v2:')
    assert again.planned() == []


def test_a_checkout_that_touches_every_file_runs_nothing_again(again):
    for part in ("rules", "workflow_scripts", "envs", "profiles"):
        for path in (again.folder / part).rglob("*"):
            os.utime(path)
    assert again.planned() == []


def test_keys_in_another_order_run_nothing_again(again):
    again.edit("tiny.yaml", "{steps: 4, batch_size: 8", "{batch_size: 8, steps: 4")
    assert again.planned() == []


def test_the_code_of_a_method_runs_its_arms_and_what_follows(again):
    again.edit(f"{METHODS}/moco.py", "momentum: float = 0.999", "momentum: float = 0.9")
    jobs = again.planned()
    assert encoders(jobs) == {"moco", "gmml_moco"}
    assert rules(jobs) == {"pretrain_fit"} | FOLLOWERS | SUMMARY


def test_one_more_budget_runs_its_cells_and_what_summarises_them(again):
    again.edit("tiny.yaml", 'labels: [8, "100%"]', 'labels: [8, "50%", "100%"]')
    jobs = again.planned()
    assert {w["budget"] for _, w in jobs if "budget" in w} == {"50pct"}
    assert sum(rule == "finetune_fit" for rule, _ in jobs) == 3
    assert sum(rule == "finetune_probe" for rule, _ in jobs) == 3  # of all budgets
    assert rules(jobs) == SUMMARY | {
        "prepare_draw",
        "prepare_draws",
        "prepare_ready",
        "finetune_fit",
        "finetune_probe",
        "finetune_predict",
    }


def test_another_number_of_epochs_trains_again_and_all_that_follows(again):
    again.edit("tiny.yaml", "data: [archive], epochs: 2", "data: [archive], epochs: 3")
    jobs = again.planned()
    assert encoders(jobs) == {"moco"}
    assert rules(jobs) == {"pretrain_fit"} | FOLLOWERS | SUMMARY


def test_a_shared_start_of_a_chain_runs_the_whole_chain(again):
    again.edit(
        "tiny.yaml",
        "data: [archive, clinic], epochs: 1",
        "data: [archive, clinic], epochs: 2",
    )
    jobs = again.planned()
    assert encoders(jobs) == {"gmml", "gmml_moco"}
    assert sum(rule == "pretrain_fit" for rule, _ in jobs) == 2


def test_one_more_external_hospital_trains_no_classifier_again(again):
    again.edit("tiny.yaml", "external: [elsewhere]", "external: []")
    jobs = again.planned()
    assert not rules(jobs) & {"finetune_fit", "finetune_probe"}
    assert {w["part"] for _, w in jobs if "part" in w} == {"test"}
    assert "finetune_predict" in rules(jobs)


def test_the_code_of_a_statistic_runs_the_evaluation_only(again):
    name = "workflow_scripts/evaluate/statistics/auroc.py"
    text = (again.folder / name).read_text()
    (again.folder / name).write_text(text + "\nSPARE = 1\n")
    assert rules(again.planned()) == SUMMARY | {"evaluate_audit"}


def test_another_pin_runs_everything_again(again):
    path = again.folder / "envs" / "requirements.txt"
    path.write_text(path.read_text() + "# another\n")
    assert "simulate_cohort" in rules(again.planned())

"""What the page says of trivial models, and of lungs."""

import dataclasses

import numpy as np
import pytest

from tests.report import fabricated
from tests.report.test_answer import read
from workflow_scripts.core.tables.evaluate import SHORTCUTS
from workflow_scripts.core.tables.prepare_pixels import DICE
from workflow_scripts.report import alarms, curves, lungs, names, page, shortcuts


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    strengths = {"random": 0.5, "moco": 1.2}
    return read(tmp_path_factory.mktemp("audit"), strengths)


def with_shortcuts(material, table):
    (task,) = material.tasks
    task = dataclasses.replace(task, shortcuts=SHORTCUTS.check(table))
    return dataclasses.replace(material, tasks=[task])


def reaching(material, **reached):
    findings = material.tasks[0].findings
    table = fabricated.shortcuts("clinic", findings, reached)
    return with_shortcuts(material, table)


def test_a_trivial_model_that_reaches_little_alarms_nobody(material):
    (task,) = material.tasks
    text = alarms.verdict(task)
    assert "chest: no trivial model comes near. The highest is border (0.550 on" in text
    assert "the best encoder, moco, reaches" in text
    assert alarms.warnings(material) == []
    assert not shortcuts.section(material).blocks[1].strong


def test_a_task_that_a_trivial_model_solves_is_called_so(material):
    solved = reaching(material, metadata=0.5, border=0.943)
    (text,) = alarms.warnings(solved)
    assert "effusion is nearly solved by border (0.943 on development patients)" in text
    assert "metadata" not in text
    assert "A result on this task may rest on no more." in text
    assert shortcuts.section(solved).blocks[1].strong
    assert text.split("Beware. ")[1] == shortcuts.section(solved).blocks[1].text


def test_only_the_findings_that_are_solved_are_named(material):
    solved = reaching(material, border=0.943)
    table = solved.tasks[0].shortcuts
    table.loc[table["finding"] != "effusion", ["auroc", "low", "high"]] = 0.5
    text = alarms.verdict(with_shortcuts(material, table).tasks[0])
    assert "A result on effusion may rest on no more." in text
    assert "For the other findings no trivial model comes near." in text
    assert "cardiomegaly" not in text


@pytest.mark.parametrize(("below", "alarmed"), [(0.029, True), (0.031, False)])
def test_to_come_within_3_points_of_the_best_encoder_alarms(material, below, alarmed):
    (task,) = material.tasks
    best = alarms.best_encoder(task, "effusion")
    assert (
        best["value"]
        == task.results(dataset="clinic", finding="effusion", budget=best["budget"])[
            "value"
        ].max()
    )
    table = fabricated.shortcuts("clinic", task.findings, {"border": 0.2})
    here = (table["finding"] == "effusion") & (table["split"] == "test")
    table.loc[here & (table["dataset"] == "clinic"), "auroc"] = best["value"] - below
    told = alarms.alarms(with_shortcuts(material, table).tasks[0])
    assert (list(told) == ["effusion"]) == alarmed
    if alarmed:
        assert "is told about as well by border" in told["effusion"]
        assert "on test patients" in told["effusion"]


def test_another_hospital_does_not_alarm(material):
    table = fabricated.shortcuts("clinic", material.tasks[0].findings, {"border": 0.5})
    table.loc[table["dataset"] == "elsewhere", "auroc"] = 0.99
    assert not alarms.alarms(with_shortcuts(material, table).tasks[0])


def test_the_table_shows_trivial_models_and_encoders_side_by_side(material):
    grid = shortcuts.section(material).blocks[2]
    assert grid.head[2:] == ["clinic: development", "clinic: test", "elsewhere: test"]
    models = [row[0] for row in grid.rows]
    assert models == ["metadata", "border", "best encoder: moco", "baseline: random"]
    assert grid.rows[1][2] == "0.550 [0.530, 0.570]"
    assert grid.rows[2][2] == "–"  # noqa: RUF001
    (task,) = material.tasks
    best = alarms.best_encoder(task, "macro")
    assert grid.rows[2][3].startswith(f"{best['value']:.3f} [")


def test_beside_every_curve_stands_what_trivial_models_reach(material):
    seen = 0
    for block in curves.section(material).blocks:
        for panels in [block, *getattr(block, "blocks", [])]:
            for panel in getattr(panels, "panels", []):
                away = "elsewhere" in panel.heading
                assert ("border 0.450" if away else "border 0.510") in panel.note
                assert ("in development: " in panel.note) != away
                seen += 1
    assert seen == 2 * (1 + len(material.tasks[0].findings))


def test_no_audit_is_said_to_be_none(material):
    nothing = with_shortcuts(material, SHORTCUTS.empty())
    (_, text) = shortcuts.section(nothing).blocks
    assert text.text == "chest: no trivial model was tried."
    assert alarms.warnings(nothing) == []
    assert "\N{EN DASH}" not in curves.section(nothing).blocks[1].panels[0].note


def test_a_finding_that_could_not_be_measured_alarms_nobody(material):
    unknown = reaching(material, border=np.nan)
    (task,) = unknown.tasks
    assert alarms.verdict(task) == "chest: no trivial model could be measured."
    assert shortcuts.section(unknown).blocks[2].rows[0][2] == "–"  # noqa: RUF001


def test_how_well_lungs_were_found_is_told_with_its_interval(material):
    text, dice, crops, intensity = lungs.section(material).blocks
    assert "learnt from lungs that people drew" in text.text
    assert "5% wider" in text.text
    assert "below 0.7 of 1" in text.text
    assert dice.rows == [["clinic", "55", "50", "0.951 [0.930, 0.960]"]]
    assert "that the finder has not learnt from (Dice" in dice.caption
    whole = next(
        r for r in crops.rows if r[:2] == ["clinic", "whole: lung mask not trusted"]
    )
    assert whole[3] == "25.0%" or float(whole[3][:-1]) == pytest.approx(25, abs=1)
    assert intensity.rows[0][:3] == ["archive", "0.410", "0.230"]


def found_by(material, finder, weights=None, **changed):
    """Return the block that says how well lungs were found."""
    config = dict(material.config)
    chosen = config["prepare"]["lungs"] | {"weights": weights}
    config["prepare"] = config["prepare"] | {"lungs": chosen}
    known = dataclasses.replace(material, finder=finder, config=config, **changed)
    return lungs.section(known).blocks[1]


def test_whether_the_finder_has_learnt_from_the_drawn_lungs_is_told(material):
    assert "has learnt from these is unknown" in (
        found_by(material, "network", "file").caption
    )
    assert "has learnt from these is unknown" in found_by(material, "mine").caption
    assert "never learns" in found_by(material, "threshold").caption


@pytest.mark.parametrize(
    ("finder", "weights", "told"),
    [
        ("network", None, "All drawn lungs were needed to teach the finder"),
        ("network", "file", "Nobody drew lungs in these pictures"),
        ("threshold", None, "Nobody drew lungs in these pictures"),
        ("drawn", None, "what was drawn is taken as it is"),
    ],
)
def test_why_no_lungs_were_compared_is_told(material, finder, weights, told):
    assert told in found_by(material, finder, weights, dice=DICE.empty()).text


def test_the_page_is_read_without_a_table_of_drawn_lungs(tmp_path):
    known = read(tmp_path, {"random": 0.5}, drawn=False, budgets=["20"], draws=1)
    assert "Nobody drew lungs" in found_by(known, "threshold").text


def test_a_solved_task_is_told_at_the_top_of_the_page(material):
    solved = reaching(material, border=0.943)
    text = page.render(solved, [])
    assert "Beware. chest: cardiomegaly is nearly solved by border" in text
    assert "Beware" not in page.render(material, [])


def test_an_encoder_that_kept_test_images_on_purpose_says_so(material):
    config = dict(material.config)
    config["encoders"] = {
        **config["encoders"],
        "moco": {**config["encoders"]["moco"], "transductive": True},
    }
    told = dict(names.meanings(dataclasses.replace(material, config=config)))
    assert "test images are among them on purpose (transductive)" in told["moco"]
    assert "transductive" not in dict(names.meanings(material))["moco"]

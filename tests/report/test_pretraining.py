"""What the page says of encoders: where they come from, what they had learnt."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

from tests.report.fabricated import write_chain
from workflow_scripts.report import (
    alarms,
    answer,
    labels_needed,
    learnt,
    marks,
    names,
    origins,
    page,
    training,
)
from workflow_scripts.report.words import duration, energy

# Scores rise with what had been learnt: who had learnt labels would win every answer.
STRENGTHS = {"random": 0.3, "moco": 0.7, "lesson": 1.6, "pupil": 1.5, "brought": 0.6}
SEEN = {
    "findings": ["effusion", "cardiomegaly"],
    "labels": 1200,
    "images": 600,
    "patients": 311,
}
HOSTILE = "<script>alert(1)</script>.weight"
BROUGHT = {
    "licence": "unknown",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015",
    "format": "moco_v3",
    "taken": "module.base_encoder.",
    "matched": 318,
    "matched_share": 0.9987,
    "missing": [HOSTILE, "b", "c", "d"],
    "other_shape": [],
    "left_over": ["fc.weight"],
    "resampled": ["pos_embed: (1, 197, 8) to (1, 5, 8)"],
    "inexact": [],
    "normalisation": "as given",
}
STAGE = {"method": "moco", "epochs": 20, "data": ["archive"]}
CHOICES = {
    "moco": {"from": "brought", **STAGE, "images": 7},
    "lesson": {
        **{"from": "random", **STAGE, "method": "supervised"},
        **{"findings": SEEN["findings"], "images": 30},
    },
    "pupil": {"from": "lesson", **STAGE, "images": 40},
    "brought": {"backbone": "vit_small", "weights": "https://example.org/w.pth"},
}
NOTES = {
    "moco": BROUGHT,
    "brought": BROUGHT,
    "lesson": {"labels_seen": [SEEN]},
    "pupil": {"labels_seen": [SEEN]},
}


@pytest.fixture(scope="module")
def flags(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pretraining")
    return write_chain(folder, STRENGTHS, notes=NOTES, choices=CHOICES)


@pytest.fixture(scope="module")
def material(flags):
    paths = {
        name: value if isinstance(value, list) else [value]
        for name, value in flags.items()
        if name != "recipe"
    }
    return page.read(flags["recipe"], paths)


@pytest.fixture(scope="module")
def shown(material):
    return marks.marked(material)


@pytest.fixture(scope="module")
def report(flags, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    page.main(**flags, page=folder / "index.html", tables=folder / "tables")
    return folder


@pytest.fixture(scope="module")
def text(report):
    return (report / "index.html").read_text(encoding="utf-8")


def of(table, encoder):
    return table.set_index("encoder").loc[encoder]


def with_notes(material, **notes):
    """Return `material` with other notes, but of cost, on the cards of encoders."""

    def noted(one):
        cost = {k: v for k, v in one.card["notes"].items() if k == "cost"}
        card = {**one.card, "notes": cost | notes[one.name]}
        return dataclasses.replace(one, card=card)

    encoders = [noted(one) if one.name in notes else one for one in material.encoders]
    return dataclasses.replace(material, encoders=encoders)


def test_who_had_learnt_labels_is_marked_wherever_it_is_named(text):
    before, made = text.split('<section id="made">')
    assert re.findall(r"\b(?:lesson|pupil)\b(?!\*)", before) == []
    for heading in ("curves", "comparisons", "drift", "encoders", "training"):
        (section,) = re.findall(f'<section id="{heading}">.*?</section>', before, re.S)
        assert "lesson*" in section
        assert "pupil*" in section
        assert "moco*" not in section
    assert "lesson*" not in made  # the config and the files have its own name


def test_tables_behind_the_page_have_the_names_without_marks(report):
    for name in ("chest/metrics", "chest/efficiency", "training", "encoders"):
        table = pd.read_csv(report / "tables" / f"{name}.csv")
        assert {"lesson", "pupil"} < set(table["encoder"])


def test_the_reader_is_told_of_marks_above_the_curves(text, shown):
    told = (
        "Encoders marked * had learnt 1,200 labels before any budget was counted: "
        "their budgets are not what they cost; they are an upper reference."
    )
    assert learnt.notices(shown)[0].text == told
    assert text.index('<section id="curves">') < text.index(told)
    assert text.index(told) < text.index("<svg")


def test_different_numbers_of_labels_are_told_one_by_one(material):
    again = {**SEEN, "findings": ["edema"], "labels": 50}
    more = with_notes(material, pupil={"labels_seen": [SEEN, SEEN, again]})
    notice = learnt.notices(marks.marked(more))[0].text
    assert "had learnt labels (lesson* 1,200 and pupil* 1,250) before" in notice


def test_without_taught_encoders_nothing_is_marked_or_left_out(material):
    plain = with_notes(material, lesson={}, pupil={}, moco={})
    assert marks.marked(plain).arms == material.arms
    assert learnt.left_out(plain) == []
    assert all("marked" not in notice.text for notice in learnt.notices(plain))


def test_the_answer_leaves_out_who_had_learnt_labels(shown, material):
    told = " ".join(answer.answers(shown))
    assert "lesson" not in told
    assert "pupil" not in told
    assert "moco was the highest of the 2 encoders set against random" in told
    assert "lesson was the highest" in " ".join(
        answer.answers(with_notes(material, lesson={}, pupil={}))
    )


def test_who_is_left_out_of_the_answer_is_named_beside_it(shown, text):
    (told,) = learnt.left_out(shown)
    assert told.startswith("lesson* and pupil* are left out of this answer: they had")
    (beside,) = re.findall(r'<div class="answer">.*?</div>', text, re.S)
    assert told in beside


def test_with_taught_rivals_alone_there_is_no_answer(shown):
    (task,) = shown.tasks
    rows = task.comparisons[task.comparisons["encoder"].isin(shown.taught)]
    task = dataclasses.replace(task, comparisons=rows)
    (told,) = answer.answers(dataclasses.replace(shown, tasks=[task]))
    assert "no answer yet" in told


def test_labels_needed_are_told_of_who_had_learnt_none(shown, material):
    grid = labels_needed.section(shown).blocks[2]
    assert grid.head == ["AUROC to reach", "reached by", "random", "moco", "brought"]
    every = labels_needed.section(with_notes(material, lesson={}, pupil={})).blocks[1]
    assert every.head[2:] == material.arms
    # scores that only they reach are not asked for
    assert len(grid.rows) < len(every.rows)
    most = f"> {shown.tasks[0].metrics['n_labels'].max():,}"
    assert all(set(row[2:]) != {most} for row in grid.rows)


def test_a_trivial_model_as_good_as_who_learnt_no_labels_alarms(shown, material):
    (task,) = shown.tasks
    finding = task.findings[0]
    moco = alarms.best_encoder(task, finding)
    assert moco["encoder"] == "moco"
    assert alarms.best_encoder(material.tasks[0], finding)["encoder"] == "lesson"
    assert alarms.best_encoder(task, finding, "lesson*")["value"] > moco["value"] + 0.1
    table = task.shortcuts.assign(auroc=moco["value"] - 0.02)
    told = alarms.alarms(dataclasses.replace(task, shortcuts=table))[finding]
    assert "the best encoder, moco, reaches" in told


def test_a_taught_baseline_is_marked_and_still_compared_with(material):
    taught = with_notes(material, random={"labels_seen": [SEEN]})
    shown = marks.marked(taught)
    assert shown.baseline == shown.arms[0] == "random*"
    assert shown.counted == ["random*", "moco", "brought"]
    grid = labels_needed.section(shown).blocks[2]
    assert grid.rows[0][1] == "random* at 20"
    assert grid.head[2:] == shown.counted
    assert "of the 2 encoders set against random*" in answer.answers(shown)[0]


def test_labels_seen_are_told_with_who_learnt_them(shown):
    table = origins.origins(shown)
    seen = "1,200 of effusion and cardiomegaly (600 images of 311 patients), by lesson*"
    assert of(table, "lesson*")["labels_seen"] == seen
    assert of(table, "pupil*")["labels_seen"] == seen
    assert of(table, "random")["labels_seen"] == "none here"
    for name in ("brought", "moco"):
        told = of(table, name)["labels_seen"]
        assert told == "not known (weights from outside)"


def test_labels_learnt_after_weights_from_outside_are_not_all(material):
    table = origins.origins(
        with_notes(material, moco={**BROUGHT, "labels_seen": [SEEN]})
    )
    told = of(table, "moco")["labels_seen"]
    assert told.endswith("by moco; before that not known (weights from outside)")


def test_an_encoder_names_its_start_and_every_stage(shown):
    table = origins.origins(shown)
    assert of(table, "pupil*")["start"] == "test_resnet, random weights"
    assert of(table, "pupil*")["stages"] == (
        "supervised (archive, 20 epochs) → moco (archive, 20 epochs)"
    )
    assert of(table, "moco")["start"] == (
        "vit_small, weights from an address, sha256 9f86d081884c…, licence unknown"
    )


def test_timms_weights_are_told_with_their_licence(material):
    config = material.config
    timm = {"backbone": "vit_small", "weights": "timm:vit_small.dino"}
    config = {**config, "encoders": {**config["encoders"], "brought": timm}}
    known = {"weights": "vit_small.dino", "licence": "apache-2.0"}
    changed = with_notes(dataclasses.replace(material, config=config), brought=known)
    encoder = changed.encoders[-1]
    assert origins.start(changed, encoder) == (
        "vit_small, timm's weights vit_small.dino, licence apache-2.0"
    )


def test_images_and_patients_of_a_chain_are_counted_once(material):
    pools = [material.encoders[n].pool for n in (2, 3)]  # of lesson and pupil
    images = {i for pool in pools for i in pool["image_id"]}
    patients = {p for pool in pools for p in pool["patient_id"]}
    row = of(origins.origins(material), "pupil")
    assert [len(pool) for pool in pools] == [30, 40]
    assert (row["images"], row["patients"]) == (len(images), len(patients)) == (40, 5)


def test_images_of_nobody_known_count_as_a_patient_each(material):
    encoder = material.encoders[1]
    pool = encoder.pool.assign(patient_id=["a", "a", *[pd.NA] * 5])
    encoders = [*material.encoders]
    encoders[1] = dataclasses.replace(encoder, pool=pool)
    table = origins.origins(dataclasses.replace(material, encoders=encoders))
    assert of(table, "moco")["patients"] == 6


def test_the_cost_is_that_of_the_whole_chain(material):
    table = origins.origins(material)
    cost = of(table, "pupil")[["hours", "gpu_hours", "energy_wh"]]
    assert cost.tolist() == [1.0, 2.0, 600.0]
    assert of(table, "pupil")["devices"] == "2 × cuda"  # noqa: RUF001
    assert of(table, "brought")[["hours", "energy_wh"]].isna().all()
    unread = dict(material.encoders[2].card["notes"])
    unread["cost"] = {**unread["cost"], "energy_wh": None}
    table = origins.origins(with_notes(material, lesson=unread))
    assert np.isnan(of(table, "pupil")["energy_wh"])


def test_weights_that_were_brought_are_accounted_for(shown, text):
    grid = origins.section(shown).blocks[2]
    (row,) = grid.rows
    assert row[:3] == ["brought", "moco_v3", "module.base_encoder."]
    assert row[4] == f"4: {HOSTILE}, b, c, …"
    assert row[5] == "none"
    assert row[-2:] == ["318", "99.9%"]
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_every_training_is_told_with_its_curves(shown, text):
    _, grid, *panels, _, command = training.section(shown).blocks
    assert [row[0] for row in grid.rows] == ["moco", "lesson*", "pupil*"]
    assert grid.rows[0][1:7] == ["moco", "20", "900", "1.3%", "30.0 min", "300.0 Wh"]
    for block in panels:
        headings = [panel.heading for panel in block.panels]
        assert headings == ["loss", "effective rank", "k-NN AUROC"]
    assert command.text == "tensorboard --logdir results/encoders"
    assert command.text in text


def test_what_was_not_measured_is_neither_drawn_nor_made_up(material):
    encoder = material.encoders[1]
    unread = ["knn_auroc", "energy_wh", "waiting_share", "effective_rank"]
    table = encoder.training[:1].assign(**dict.fromkeys(unread, np.nan))
    encoder = dataclasses.replace(encoder, training=table)
    alone = dataclasses.replace(material, encoders=[encoder])
    _, grid, panels, *_ = training.section(alone).blocks
    assert [panel.heading for panel in panels.panels] == ["loss"]
    assert [grid.rows[0][at] for at in (4, 6, 8, 9)] == ["–"] * 4  # noqa: RUF001


def test_what_an_encoder_was_taught_is_told_beside_its_name(shown):
    meanings = dict(names.meanings(shown))
    assert meanings["lesson*"].startswith(
        "goes on from random: taught the labels of effusion and cardiomegaly by "
    )
    assert "goes on from lesson*: pretrained without labels" in meanings["pupil*"]
    assert meanings["brought"].endswith("with pretrained weights from an address")


def test_times_and_energies_have_units_that_suit():
    assert [duration(s) for s in (0.4, 59, 90, 7200)] == [
        *("< 1 s", "59 s", "1.5 min", "2.0 h")
    ]
    assert [energy(e) for e in (12.34, 2500.0, np.nan)] == [
        *("12.3 Wh", "2.5 kWh", "–")  # noqa: RUF001
    ]

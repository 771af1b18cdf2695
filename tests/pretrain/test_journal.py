"""TensorBoard reads back what was written, also while a run goes on."""

import math

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from workflow_scripts.pretrain import journal

NAME = "events.out.tfevents.training"


def history(n):
    return [
        {
            "epoch": number,
            "loss": 1 / number,
            "effective_rank": 2.0 * number,
            "knn_auroc": math.nan if number == 1 else 0.75,
            "seconds": 10.0,
        }
        for number in range(1, n + 1)
    ]


def curve(reader, tag):
    return [(event.step, event.value) for event in reader.Scalars(tag)]


def test_tensorboard_reads_back_every_epoch(tmp_path):
    journal.write(history(3), tmp_path / NAME)
    reader = EventAccumulator(str(tmp_path)).Reload()
    assert set(reader.Tags()["scalars"]) == history(1)[0].keys() - {"epoch"}
    expected = [(1, 1), (2, pytest.approx(0.5)), (3, pytest.approx(1 / 3))]
    assert curve(reader, "loss") == expected
    assert [event.wall_time for event in reader.Scalars("loss")] == [10, 20, 30]


def test_what_was_not_measured_leaves_a_gap(tmp_path):
    journal.write(history(3), tmp_path / NAME)
    reader = EventAccumulator(str(tmp_path)).Reload()
    assert curve(reader, "knn_auroc") == [(2, 0.75), (3, 0.75)]


def test_a_tensorboard_that_looks_on_sees_each_epoch_come(tmp_path):
    journal.write(history(2), tmp_path / NAME)
    reader = EventAccumulator(str(tmp_path)).Reload()
    journal.write(history(4), tmp_path / NAME)
    reader.Reload()
    assert [step for step, _ in curve(reader, "effective_rank")] == [1, 2, 3, 4]


def test_the_file_of_a_resumed_run_is_that_of_an_undisturbed_one(tmp_path):
    journal.write(history(4), tmp_path / "whole")
    for n in (1, 3, 3, 2, 4):  # killed after epoch 3, and back at the checkpoint of 2
        journal.write(history(n), tmp_path / "resumed")
    assert (tmp_path / "resumed").read_bytes() == (tmp_path / "whole").read_bytes()


def test_a_run_without_epochs_gives_a_file_without_curves(tmp_path):
    journal.write([], tmp_path / NAME)
    assert EventAccumulator(str(tmp_path)).Reload().Tags()["scalars"] == []


def test_a_text_beside_it_with_such_a_name_does_no_harm(tmp_path):
    # as the provenance of the file itself
    journal.write(history(3), tmp_path / NAME)
    (tmp_path / f"{NAME}.provenance.json").write_text('{"rule": "pretrain_fit"}\n')
    reader = EventAccumulator(str(tmp_path)).Reload()
    assert [step for step, _ in curve(reader, "loss")] == [1, 2, 3]

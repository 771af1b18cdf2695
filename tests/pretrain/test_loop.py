"""The loop: its batches, its parts, its averages, and where it stops."""

import dataclasses
import os
import signal

import pytest
import torch

from tests.pretrain.runs import NEVER, After, bits, losses, pool_of, run_of, same
from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain import room
from workflow_scripts.pretrain.stopping import Stop

PLAIN = {"method": "rotation", "augmentation": "none"}  # no image sees another


def trained(folder, **changes):
    run = run_of(**(PLAIN | {"epochs": 2} | changes))
    folder.mkdir(exist_ok=True)
    run.train(folder, NEVER)
    return run


def weights(run):
    return torch.cat([p.detach().flatten() for p in run.moving.method.parameters()])


def test_a_batch_in_parts_moves_weights_as_a_whole_one_does(tmp_path):
    # a ViT has no batch norm, and SGD does not blow up what rounding left
    pool = pool_of("supervised")
    chosen = {
        "pool": dataclasses.replace(pool, targets=pool.targets.nan_to_num()),
        "backbone": "test_vit",
        "optimiser": "sgd",
        "learning_rate": 1.0,
        "method": "supervised",
        "epochs": 1,
    }
    whole = trained(tmp_path / "whole", **chosen)
    parts = trained(tmp_path / "parts", **chosen, images_at_once=6)
    assert parts.at_once == 6
    moved = (weights(whole) - weights(run_of(**(PLAIN | chosen)))).abs().max()
    assert moved > 0.01
    assert (weights(whole) - weights(parts)).abs().max() < 0.02 * moved


def test_auto_takes_the_whole_batch_where_it_fits_and_leaves_no_trace(tmp_path):
    asked = trained(tmp_path / "asked")
    found = trained(tmp_path / "found", images_at_once="auto")
    assert found.at_once == 16
    assert same(asked, found)


def test_auto_halves_what_does_not_fit(tmp_path):
    run = run_of(**PLAIN, images_at_once="auto")
    free = run.moving.called

    def called(*views, **lesson):
        if len(views[0]) > 5:
            raise torch.OutOfMemoryError
        return free(*views, **lesson)

    run.moving.called = called
    assert room.at_once(run) == 4


@pytest.mark.parametrize("optimiser", ["adamw", "lars", "sgd"])
def test_every_optimiser_lowers_the_loss_and_goes_on_after_a_stop(optimiser, tmp_path):
    chosen = {"optimiser": optimiser, "epochs": 6, "clip_norm": 1.0, "average": 0.5}
    chosen |= {"learning_rate": 0.02 if optimiser == "adamw" else 1.0}
    run = trained(tmp_path / "whole", **chosen, weight_decay_end=0.1)
    assert losses(run)[-1] < losses(run)[0]
    again = [run_of(**(PLAIN | chosen), weight_decay_end=0.1) for _ in range(2)]
    (tmp_path / "parts").mkdir()
    with pytest.raises(SystemExit):
        again[0].train(tmp_path / "parts", After(5))
    again[1].train(tmp_path / "parts", NEVER)
    assert same(run, again[1])
    last = run.moving.account.history[-1]
    assert last["gradient_norm"] > 0
    assert last["weight_decay"] == pytest.approx(0.1, rel=0.1)


def test_the_average_is_what_is_published_and_follows_the_encoder(tmp_path):
    run = trained(tmp_path / "average", average=0.6, epochs=1)
    plain = trained(tmp_path / "plain", epochs=1)
    begun = run_of(**PLAIN)
    assert plain.moving.encoder is plain.moving.method.encoder
    assert torch.equal(weights(run), weights(plain))

    def stem(encoder):
        return next(encoder.parameters()).detach()

    between = stem(run.moving.encoder)
    ends = torch.stack([stem(begun.moving.encoder), stem(plain.moving.encoder)])
    assert not torch.equal(between, ends[1])
    assert (between - ends[1]).norm() < (ends[0] - ends[1]).norm()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_stops_after_the_step_with_everything_saved(number, tmp_path):
    kept = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGUSR1)}
    try:
        run = run_of(**PLAIN, n=80)
        stop = Stop()
        os.kill(os.getpid(), number)
        with pytest.raises(SystemExit) as stopped:
            run.train(tmp_path, stop)
    finally:
        for each, handler in kept.items():
            signal.signal(each, handler)
    assert stopped.value.code == os.EX_TEMPFAIL
    assert [path.name for path in tmp_path.glob("*.pt")] == ["step-000000001.pt"]


def test_a_pool_smaller_than_two_batches_makes_batches_of_half_of_it():
    assert run_of(**PLAIN, n=20).batch_size == 10


def test_partners_are_fed_to_the_second_view(tmp_path):
    run = run_of("patient_pairs", augmentation="none")
    rows, images = next(run.pool.batches(run.pool.order(0, run.recipe).unsqueeze(1)))
    assert rows.shape == (2, 32)
    assert torch.equal(rows[0] // 2, rows[1] // 2)  # of the same patient
    assert (rows[0] != rows[1]).all()
    first, second = run.moving.views.of(images)
    everything = run.pool.feed.batch(torch.arange(32)).float()[:, None] / 255
    known = (everything - 0.5) / 0.25
    torch.testing.assert_close(first, known[rows[0]])
    torch.testing.assert_close(second, known[rows[1]])


def test_what_is_noted_of_an_epoch_is_complete(tmp_path):
    run = trained(tmp_path / "run", epochs=1)
    (row,) = run.moving.account.history
    assert row["epoch"] == 1
    assert row["images_per_second"] > 0
    assert 0 <= row["waiting_share"] <= 1
    assert row["feature_std"] > 0
    assert row["effective_rank"] >= 1
    assert torch.tensor(row["knn_auroc"]).isnan()


def test_local_views_that_a_policy_does_not_make_are_refused():
    options = {"local_views": 2}
    with pytest.raises(InputError, match="choose dino or swav"):
        run_of("dino", options=options)


def test_all_bits_are_named(tmp_path):
    assert len(bits(trained(tmp_path / "run"))) > 10

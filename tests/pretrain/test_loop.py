"""The loop: its batches, its parts, its averages, and where it stops."""

import dataclasses
import os
import signal

import pytest
import torch

from tests.pretrain.runs import NEVER, After, bits, losses, pool_of, run_of, same
from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain import checkpoint, room
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


def test_parts_with_few_labels_weigh_by_labels(tmp_path):
    pool = pool_of("supervised")
    targets = pool.targets.clone()
    targets[::2] = targets[5] = torch.nan
    pool = dataclasses.replace(pool, targets=targets)
    run = run_of("supervised", backbone="test_vit", pool=pool, augmentation="none")
    run.moving.method.train()
    rows, images = next(run.pool.batches(torch.arange(16).view(1, 1, 16)))

    def gradient(at_once):
        run.moving.optimiser.zero_grad()
        for numbers, columns, weight in run.pool.parts(rows[0], at_once):
            (run.loss_of(numbers, images[:, columns]) * weight).backward()
        return torch.cat([p.grad.flatten() for p in run.moving.method.parameters()])

    whole = gradient(16)
    for at_once in (8, 3, 2):
        assert (gradient(at_once) - whole).norm() < 0.02 * whole.norm()


def test_no_part_is_of_one_image():
    pool = pool_of("rotation")
    for size in (5, 7, 16):
        for at_once in (1, 2, 3, 4):
            parts = pool.parts(torch.arange(size), at_once)
            lengths = [len(numbers) for numbers, _, _ in parts]
            assert sum(lengths) == size
            assert min(lengths) >= 2
            assert sum(weight for *_, weight in parts) == pytest.approx(1)


def test_a_gradient_that_is_not_finite_is_told_of_its_batch_and_never_kept(tmp_path):
    run = run_of(**PLAIN, n=80)
    called = run.moving.called

    def broken(*views, **lesson):
        loss = called(*views, **lesson)
        weight = next(run.moving.method.parameters())
        return loss + (0 * weight.sum()).sqrt() if run.steps_done == 2 else loss

    run.moving.called = broken
    with pytest.raises(InputError, match="gradient is not finite at step 3, of"):
        run.train(tmp_path, NEVER)
    for path in tmp_path.glob("*.pt"):
        kept = checkpoint.read(path)["method"].values()
        assert all(value.isfinite().all() for value in kept if torch.is_tensor(value))


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
    with pytest.raises(InputError, match="makes none; leave them out"):
        run_of("dino", options=options)


def test_all_bits_are_named(tmp_path):
    assert len(bits(trained(tmp_path / "run"))) > 10

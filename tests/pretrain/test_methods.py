"""One promise, every method: parametrised over the files in the folder."""

import pkgutil
from types import SimpleNamespace

import pytest
import torch

from tests.pretrain.runs import (
    NEVER,
    After,
    losses,
    only_transformers,
    run_of,
    same,
)
from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain import methods

NAMES = [module.name for module in pkgutil.iter_modules(methods.__path__)]


@pytest.fixture(params=NAMES)
def method(request):
    return request.param


@pytest.mark.parametrize("backbone", ["test_resnet", "test_vit"])
def test_the_loss_is_finite_and_its_gradient_reaches_the_encoder(
    method, backbone, tmp_path
):
    if only_transformers(method) and backbone != "test_vit":
        with pytest.raises(InputError, match=r"vision transformer.*choose"):
            run_of(method, backbone)
        return
    # timm begins the last scale of a residual block with zero: one epoch moves it
    run = run_of(method, backbone, epochs=1)
    run.train(tmp_path, NEVER)
    run.moving.optimiser.zero_grad()
    run.moving.method.train()
    rows, images = next(run.pool.batches(run.pool.order(0, run.recipe).unsqueeze(1)))
    loss = run.loss_of(rows[0], images)
    assert loss.shape == ()
    assert torch.isfinite(loss)
    loss.backward()
    reached = [
        p.grad is not None and bool(p.grad.any())
        for p in run.moving.method.encoder.parameters()
    ]
    assert sum(reached) > 0.9 * len(reached)


def test_the_loss_falls_in_twenty_steps(method, tmp_path):
    # a queue is empty at first, so the first epochs of a contrastive loss do not count
    run = run_of(method, epochs=20)
    run.train(tmp_path, NEVER)
    assert sum(losses(run)[-4:]) < sum(losses(run)[4:8])


def test_two_equal_seeds_agree_to_the_bit_and_another_differs(method, tmp_path):
    runs = [run_of(method, seed=seed, epochs=1) for seed in (1, 1, 2)]
    for number, run in enumerate(runs):
        folder = tmp_path / str(number)
        folder.mkdir()
        run.train(folder, NEVER)
    assert same(runs[0], runs[1])
    assert not same(runs[0], runs[2])


def test_a_run_stopped_in_mid_epoch_goes_on_to_the_same_bits(method, tmp_path):
    changes = {"n": 48, "epochs": 2, "drop_path": 0.3, "average": 0.9}
    whole, first, second = (run_of(method, **changes) for _ in range(3))
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    whole.train(tmp_path / "whole", NEVER)
    with pytest.raises(SystemExit) as stopped:
        first.train(tmp_path / "parts", After(4))  # one step into the second epoch
    assert stopped.value.code == 75
    torch.manual_seed(99)  # whatever else the process drew
    second.train(tmp_path / "parts", NEVER)
    assert same(whole, second)
    assert losses(whole) == losses(second)


def test_an_option_that_a_method_does_not_have_is_refused_by_name(method):
    with pytest.raises(InputError, match=f"{method} has no 'temp'"):
        run_of(method, options={"temp": 1})


def test_a_loss_that_is_not_finite_stops_before_the_update(method, tmp_path):
    run = run_of(method)
    before = [p.detach().clone() for p in run.moving.method.parameters()]
    run.moving.views.card = SimpleNamespace(mean=torch.nan, deviation=1.0)
    with pytest.raises(InputError, match=r"images toy/image-\d+, .*learning_rate"):
        run.train(tmp_path, NEVER)
    after = run.moving.method.parameters()
    assert all(
        torch.equal(one, other) for one, other in zip(before, after, strict=True)
    )
    assert not list(tmp_path.iterdir())


def test_every_method_file_says_where_it_is_from(method):
    module = methods.load(method)
    assert "https://arxiv.org/" in module.__doc__
    assert isinstance(module.Options(), module.Options)
    assert SimpleNamespace(**vars(module.Method)).views >= 1

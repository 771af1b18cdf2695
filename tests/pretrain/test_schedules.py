"""Rates rise and fall as said, and only what may decay decays."""

import dataclasses
import math

import pytest
import timm
import torch

from tests.pretrain.runs import recipe
from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain.schedules import Schedule, optimiser_of


def schedule(**changes):
    chosen = recipe("moco", **({"epochs": 10, "learning_rate": 0.1} | changes))
    return Schedule(recipe=chosen, batch_size=128, steps_per_epoch=20)


def test_the_rate_rises_linearly_then_falls_by_half_a_cosine_to_zero():
    rates = [schedule(warmup_epochs=1).learning_rate(step) for step in range(200)]
    for step in range(20):
        assert rates[step] == pytest.approx(0.05 * (step + 1) / 20)
    for step in range(20, 200):
        cosine = 0.5 * (1 + math.cos(math.pi * (step - 20) / 180))
        assert rates[step] == pytest.approx(0.05 * cosine)


def test_a_warm_up_takes_a_fifth_of_all_steps_at_most():
    rates = [schedule(warmup_epochs=50).learning_rate(step) for step in range(200)]
    assert rates.index(max(rates)) in {39, 40}


def test_the_weight_decay_moves_by_half_a_cosine_or_stays():
    assert {schedule(weight_decay=0.3).weight_decay(s) for s in range(200)} == {0.3}
    moving = schedule(weight_decay=0.04, weight_decay_end=0.4)
    assert moving.weight_decay(0) == pytest.approx(0.04)
    assert moving.weight_decay(100) == pytest.approx(0.22)
    assert moving.weight_decay(200) == pytest.approx(0.4)


@pytest.mark.parametrize("optimiser", ["adamw", "lars", "sgd"])
def test_biases_and_norms_never_decay(optimiser):
    model = timm.create_model("test_resnet", in_chans=1, num_classes=0)
    chosen = recipe("moco", optimiser=optimiser, weight_decay_end=0.4)
    made = optimiser_of(model, chosen)
    dataclasses.replace(schedule(), recipe=chosen).set_rates(made, 100)
    flat = {id(p) for p in model.parameters() if p.ndim < 2}
    for group in made.param_groups:
        for weight in group["params"]:
            assert (group["weight_decay"] == 0) == (id(weight) in flat)


def test_lars_takes_steps_as_long_as_a_share_of_the_weights():
    weight = torch.nn.Linear(3, 3, bias=False)
    begun = weight.weight.detach().clone()
    made = optimiser_of(weight, recipe("moco", optimiser="lars", weight_decay=1e-6))
    made.param_groups[1]["lr"] = 2.0
    (1000 * weight(torch.ones(2, 3))).sum().backward()
    made.step()
    moved = (weight.weight.detach() - begun).norm()
    assert float(moved) == pytest.approx(2.0 * 0.001 * float(begun.norm()), rel=1e-3)


def test_an_average_too_slow_for_the_run_is_refused_with_what_would_do():
    with pytest.raises(InputError, match=r"200 steps 82% .* choose 0\.9851 at most"):
        schedule(average=0.999).refuse_slow_average()
    schedule(average=0.985).refuse_slow_average()
    schedule(average=0.0).refuse_slow_average()

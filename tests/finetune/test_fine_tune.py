"""Fine-tuning moves every weight, and counts only what is known."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from tests.finetune.problems import problem
from workflow_scripts.core import encoders
from workflow_scripts.finetune.protocols import fine_tune

OPTIONS = {
    "steps": 6,
    "batch_size": 16,
    "learning_rates": [0.01, 0.001],
    "weight_decay": 0.01,
    "checks": 2,
}


def test_unknown_targets_do_not_count():
    logits = torch.tensor([[0.3, -1.0], [2.0, 0.5]])
    targets = torch.tensor([[1.0, torch.nan], [0.0, 1.0]])
    known = [(0.3, 1.0), (2.0, 0.0), (0.5, 1.0)]
    expected = np.mean(
        [
            functional.binary_cross_entropy_with_logits(
                torch.tensor(logit), torch.tensor(target)
            ).item()
            for logit, target in known
        ]
    )
    assert fine_tune.masked_loss(logits, targets).item() == pytest.approx(expected)


def test_a_batch_without_any_known_target_costs_nothing():
    nothing = fine_tune.masked_loss(torch.ones(2, 1), torch.full((2, 1), torch.nan))
    assert nothing.item() == 0


def test_all_weights_of_the_encoder_move_and_its_file_does_not(tmp_path):
    given = problem(tmp_path)
    before = given.images.encoder.read_bytes()
    start, _ = encoders.load(given.images.encoder, given.images.card)
    fitted = fine_tune.fit(given, OPTIONS, seed=0)
    for name, weight in start.named_parameters():
        assert not np.array_equal(fitted.weights[f"encoder.{name}"], weight.detach())
    assert given.images.encoder.read_bytes() == before


def test_every_learning_rate_is_tried_on_the_same_number_of_steps(tmp_path):
    tried = fine_tune.fit(problem(tmp_path), OPTIONS, seed=0).tried
    assert [one.candidate for one in tried] == [
        "learning_rate 0.01",
        "learning_rate 0.001",
    ]


def test_a_pass_sees_each_image_once():
    rows = fine_tune._endless(10, 5, torch.Generator())
    seen = torch.cat([next(rows), next(rows)])
    assert sorted(seen.tolist()) == list(range(10))

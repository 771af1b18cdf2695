"""Classes of which just one is there: chances, loss and weights by definition."""

import numpy as np
import torch

from workflow_scripts.finetune.emphasis import balanced
from workflow_scripts.finetune.kinds import multiclass


def made(n=30, seed=0):
    """Return logits, one-hot answers of which some are unknown, and the classes."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(n, 3)) * 3
    classes = generator.choice(3, n, p=[0.6, 0.3, 0.1])
    answers = np.eye(3)[classes]
    answers[generator.random(n) < 0.2] = np.nan
    return logits, answers, classes


def loss_of(logits, answers, emphasis):
    given = (torch.tensor(each) for each in (logits, answers, emphasis))
    return multiclass.loss(*given).item()


def test_the_loss_is_that_of_the_right_class_over_images_whose_class_is_known():
    logits, answers, classes = made()
    each = []
    for row, answer, one in zip(logits, answers, classes, strict=True):
        if not np.isnan(answer).any():
            shares = np.exp(row) / np.exp(row).sum()
            each.append(-np.log(shares[one]))
    np.testing.assert_allclose(loss_of(logits, answers, np.ones(3)), np.mean(each))


def test_with_balanced_weights_every_class_has_the_same_say():
    logits, answers, classes = made(200)
    known = ~np.isnan(answers[:, 0])
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    of_classes = [
        -np.log(shares[known & (classes == one), one]).mean() for one in range(3)
    ]
    found = loss_of(logits, answers, balanced(answers))
    np.testing.assert_allclose(found, np.mean(of_classes))


def test_a_batch_of_which_nothing_is_known_teaches_nothing():
    logits = torch.zeros(4, 3, requires_grad=True)
    loss = multiclass.loss(logits, torch.full((4, 3), torch.nan), torch.ones(3))
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(logits.grad, torch.zeros(4, 3))


def test_chances_sum_to_one_and_rank_as_logits_do():
    logits = torch.randn(9, 3, generator=torch.Generator().manual_seed(0))
    said = multiclass.said(logits)
    torch.testing.assert_close(said.sum(dim=1), torch.ones(9))
    assert torch.equal(said.argsort(dim=1), logits.argsort(dim=1))


def test_separate_chances_are_divided_by_their_sum():
    found = multiclass.coherent(np.array([[0.2, 0.2, 0.4], [0, 0, 0], [0, 0.1, 0]]))
    expected = [[0.25, 0.25, 0.5], [1 / 3] * 3, [0, 1, 0]]
    np.testing.assert_allclose(found, expected)

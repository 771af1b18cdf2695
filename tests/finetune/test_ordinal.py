"""Levels in rising order: CORAL's loss and head, and chances that do not rise."""

import numpy as np
import pytest
import torch
from sklearn.isotonic import IsotonicRegression

from workflow_scripts.finetune.kinds import ordinal


def test_the_loss_is_that_of_the_paper_over_the_number_of_questions():
    generator = np.random.default_rng(0)
    shared, biases = generator.normal(size=20) * 2, np.array([1.5, 0.2, -1.0])
    level = generator.integers(0, 4, 20)
    total = 0.0
    for g, y in zip(shared, level, strict=True):  # equation 4, all lambda 1
        for k, b in enumerate(biases):
            p = 1 / (1 + np.exp(-(g + b)))
            total -= np.log(p) if y > k else np.log(1 - p)
    answers = (level[:, None] > np.arange(3)).astype(float)
    logits = torch.tensor(shared[:, None] + biases)
    loss = ordinal.loss(logits, torch.tensor(answers), torch.ones(3))
    np.testing.assert_allclose(loss.item(), total / (20 * 3))


def made(width=5, n_levels=4):
    return ordinal.network(torch.nn.Identity(), width, n_levels)


def test_it_says_nothing_yet():
    assert torch.equal(made()(torch.randn(3, 5)), torch.zeros(3, 4))


def test_chances_never_rise_whatever_training_made_of_the_biases():
    network = made()
    with torch.no_grad():
        network.classifier.bias.copy_(torch.tensor([-1.0, 2.0, 0.5, 3.0]))
        network.classifier.weight.normal_(generator=torch.Generator().manual_seed(0))
    said = ordinal.said(network(torch.randn(50, 5)))
    assert (said.diff(dim=1) <= 0).all()


@pytest.mark.parametrize("emphasis", [torch.ones(3), torch.tensor([1.0, 4.0, 9.0])])
def test_what_lies_in_order_is_learnt_and_biases_become_the_levels(emphasis):
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(400, 5, generator=generator)
    truth = features @ torch.tensor([1.0, -2.0, 0.0, 0.5, 0.0])
    answers = (truth[:, None] > torch.tensor([-1.0, 0.5, 2.0])).float()
    network = made(n_levels=3)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.1)
    for _ in range(200):
        optimiser.zero_grad()
        ordinal.loss(network(features), answers, emphasis).backward()
        optimiser.step()
    said = ordinal.said(network(features)).detach().numpy()
    assert ordinal.judged(said, answers.numpy()) > 0.99
    at_nothing = network(torch.zeros(1, 5))
    assert (at_nothing.diff(dim=1) < -1).all()


@pytest.mark.parametrize("n_levels", [2, 3, 6])
def test_contradicting_chances_become_the_nearest_that_do_not_rise(n_levels):
    chances = np.random.default_rng(n_levels).random((60, n_levels))
    slow = IsotonicRegression(increasing=False)
    expected = [slow.fit_transform(np.arange(n_levels), row) for row in chances]
    found = ordinal.coherent(chances)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert (np.diff(found, axis=1) <= 0).all()


def test_chances_that_fit_together_stay_as_they_are():
    chances = -np.sort(-np.random.default_rng(0).random((20, 4)))
    np.testing.assert_allclose(ordinal.coherent(chances), chances, atol=1e-12)


def test_it_begins_as_separate_probes_do_on_average():
    generator = np.random.default_rng(0)
    shared = generator.normal(size=(1, 5))
    weight = shared + generator.normal(size=(3, 5)) * 0.1
    bias, centre = np.array([2.0, 0.0, -2.0]), generator.normal(size=5)
    network = made(n_levels=3)
    ordinal.begin_as(network, weight, bias, centre)
    probes = weight @ centre + bias
    said = network(torch.tensor(centre[None], dtype=torch.float32)).detach().numpy()
    np.testing.assert_allclose(said[0], probes, rtol=1e-5)
    kept = network.classifier.weight.detach().numpy()
    np.testing.assert_allclose(kept, weight.mean(axis=0, keepdims=True), rtol=1e-5)
